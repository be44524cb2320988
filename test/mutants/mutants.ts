/** A mistake: one line of a shipped source, and what stands there instead. */
export interface Mutant {
  readonly file: string;
  /** The whole line, without its indentation; it stands in the file once. */
  readonly line: string;
  readonly becomes: string;
  /** The operators whose law suites are to find it. */
  readonly specs: readonly string[];
}

const mutate = (file: string, ...specs: string[]) => ({
  of: (line: string, becomes: string): Mutant => ({ file, line, becomes, specs }),
});

const emitter = mutate('src/emitter.ts', 'buffer', 'conflate');
const gate = mutate('src/gate.ts', 'buffer', 'merge');
const relay = mutate('src/relay.ts', 'buffer');
const loop = mutate('src/loop.ts', 'buffer');
const account = mutate('src/credit.ts', 'buffer');
const listen = mutate('src/listen.ts', 'filter', 'buffer');
const fifo = mutate('src/queue.ts', 'buffer');
const marks = mutate('src/marks.ts', 'buffer', 'conflate');
const stretch = mutate('src/stretch.ts', 'buffer');
const told = mutate('src/told.ts', 'buffer');
const rotation = mutate('src/rotation.ts', 'merge');
const dropping = mutate('src/dropping-queue.ts', 'buffer');
const conflating = mutate('src/conflating-queue.ts', 'conflate');
const filter = mutate('operators/flow/filter.ts', 'filter');
const map = mutate('operators/flow/map.ts', 'map');
const merge = mutate('operators/flow/merge.ts', 'merge');
const fanout = mutate('operators/flow/fanout.ts', 'fanout');
const route = mutate('operators/flow/route.ts', 'route');

export const mutants: readonly Mutant[] = [
  emitter.of("if (frame.kind === 'data') balance -= frame.reserved;", ''),
  emitter.of(
    'else if (isCount(control.credit)) balance += control.credit;',
    'else if (isCount(control.credit)) balance = control.credit;',
  ),
  emitter.of('const frame = refused ? refusal : source.pull(balance);', 'const frame = source.pull(balance);'),
  emitter.of('if (opening !== undefined) {', 'if (opening !== undefined && balance > 0) {'),
  emitter.of('refused = true;', ''),
  emitter.of(
    'pass: (frame) => frame.reserved <= balance && loop.pass(deliver, frame),',
    'pass: (frame) => loop.pass(deliver, frame),',
  ),
  emitter.of("if (frame.kind === 'end' || frame.kind === 'abort') out.complete();", ''),
  emitter.of('refusal = source.reset?.(ext) ?? abort();', 'source.reset?.(ext);'),
  emitter.of('if (out.closed) return false;', ''),
  gate.of(
    'if (this.#answers.length > 0) return this.#answers.shift();',
    'if (this.#answers.length > 9) return this.#answers.shift();',
  ),
  gate.of(
    'else if (isAnswer(frame.ext)) this.#answers.push(frame);',
    'else if (isAnswer(frame.ext)) queue.mark(frame);',
  ),
  gate.of("if (this.#terminal?.kind === 'abort') return this.#terminal;", ''),
  gate.of(
    'return this.#queue.poll(balance) ?? (this.#queue.empty ? this.#terminal : undefined);',
    'return this.#queue.poll(balance) ?? this.#terminal;',
  ),
  gate.of(
    'return this.#queue.poll(balance) ?? (this.#queue.empty ? this.#terminal : undefined);',
    'return this.#terminal ?? this.#queue.poll(balance);',
  ),
  gate.of(
    'idle: () => this.#terminal === undefined && this.#refill(),',
    'idle: () => { while (this.#terminal === undefined && this.#refill()); return false; },',
  ),
  gate.of("if (this.#terminal?.kind !== 'abort') this.#terminal = frame;", 'this.#terminal ??= frame;'),
  gate.of('else queue.mark(frame);', 'else this.#answers.push(frame);'),
  relay.of('refill: () => account.settle(),', 'refill: () => false,'),
  relay.of('reset: (ext) => account.reset(ext),', 'reset: () => account.reset(undefined),'),
  loop.of('if (!this.#running && !this.#stopped) this.#run();', 'if (!this.#stopped) this.#run();'),
  loop.of('if (this.#slice.over()) {', 'if (this.#slice.over() && false) {'),
  account.of('this.#owed = 0;', ''),
  account.of('this.#owed += credit;', 'this.#owed += credit - 1;'),
  account.of('this.#owed = window;', 'this.#owed = window + 1;'),
  listen.of('listener.next(value);', 'setTimeout(() => listener.next(value));'),
  listen.of('out.add(subscriber);', ''),
  fifo.of('this.#owe(head.reserved);', ''),
  fifo.of('const parts = cut(frame, balance);', 'const parts = undefined as ReturnType<typeof cut<L["data"]>>;'),
  fifo.of('pushMark(this.#frames, frame);', 'if (this.#frames.last?.kind === "data") pushMark(this.#frames, frame);'),
  fifo.of('else this.#frames.first = keep(parts[1]);', 'else this.#frames.shift();'),
  marks.of(
    "export const isBarrier = (ext: Mark): boolean => ext.mark === 'caught-up' || ext.mark === 'gap';",
    "export const isBarrier = (ext: Mark): boolean => ext.mark === 'caught-up';",
  ),
  marks.of(
    "export const isCumulative = (ext: Mark): boolean => ext.mark === 'progress' || ext.mark === 'watermark';",
    "export const isCumulative = (ext: Mark): boolean => ext.mark !== 'gap';",
  ),
  stretch.of(`const key = \`\${mark} \${partition}\`;`, 'const key = mark;'),
  stretch.of(
    'if (last instanceof Stretch) last.join(stretch);',
    'if (last instanceof Stretch) last.join(new Stretch<E>());',
  ),
  dropping.of('this.#owe(frame.reserved);', ''),
  dropping.of('head.told.lose(dropped.payload);', ''),
  dropping.of('if (refused !== undefined) this.#open.told.lose(refused.payload);', ''),
  dropping.of('head.told.join(next.told);', ''),
  dropping.of("if (this.#drop === 'oldest') this.#dropOldest(limit);", ''),
  told.of('earlier === undefined ? later : { ...later, from: earlier.from };', 'later;'),
  told.of('const to = run.at(run.length - 1).offset + 1n;', 'const to = run.at(0).offset + 1n;'),
  told.of('marks.join(entry.marks);', ''),
  conflating.of('if (isBarrier(frame.ext as Mark)) this.#newest.clear();', ''),
  conflating.of('if (key === undefined) continue;', ''),
  conflating.of('this.#owe(cost);', ''),
  conflating.of('if (held.keys[held.next] === GONE) continue;', ''),
  conflating.of('if (slots?.get(held.keys[index])?.held === held) slots.delete(held.keys[index]);', ''),
  conflating.of('const slots = this.#slotsOf(record.partition);', 'const slots = this.#slotsOf(0);'),
  filter.of('control(window(reserved - cost));', ''),
  filter.of('control(window(reserved - cost));', 'control(window(reserved));'),
  filter.of('if (!accepts(run.at(index))) continue;', ''),
  filter.of('if (taken.length > 0) out.next(data(run.pick(taken), cost));', 'out.next(data(run.pick(taken), cost));'),
  map.of(
    "if (frame.kind !== 'data') return out.next(frame);",
    "if (frame.kind !== 'data') return frame.kind === 'flush' ? undefined : out.next(frame);",
  ),
  map.of('costs.push(run.cost(index));', 'costs.unshift(run.cost(index) + 1);'),
  map.of('projected.push(project(run.at(index)));', 'projected.unshift(project(run.at(index)));'),
  merge.of('this.account.settle();', ''),
  merge.of('if (!more && open.size === 0) gate.close(end());', ''),
  merge.of(
    'for (const { account } of open) account.reset(ext);',
    'for (const { account } of open) account.reset(undefined);',
  ),
  merge.of('return gate.close(frame);', 'return leave();'),
  merge.of('super.offer(this.#rotation.empty ? frame : keep(frame));', ''),
  rotation.of('if (this.#behind.delete(seat)) this.#level = frame;', ''),
  rotation.of('if (this.#told && seat.level) return false;', ''),
  rotation.of('} else if (frame !== undefined) this.ready(seat);', '}'),
  fanout.of("if (frame.kind === 'data') this.#account.owe(frame.reserved);", ''),
  fanout.of('if (frame === undefined) return this.#account.settle();', 'if (frame === undefined) return false;'),
  fanout.of('this.#upstream.unsubscribe();', ''),
  fanout.of(
    "if (frame.kind === 'end' || frame.kind === 'abort') return gate.close(frame);",
    "if (frame.kind === 'end' || frame.kind === 'abort') return gate.close(abort());",
  ),
  route.of('handoff.send((taker) => taker.next(frame));', ''),
  route.of('if (this.#delivering || this.#taker === undefined) return;', 'if (this.#taker === undefined) return;'),
  route.of('return onLeave;', ''),
  route.of(
    'if (chosen) return handoff.send((taker) => taker.next(frame));',
    "if (chosen) return frame.kind === 'flush' ? undefined : handoff.send((taker) => taker.next(frame));",
  ),
];
