/** A mistake: one line of a shipped source, and what stands there instead. */
export interface Mutant {
  readonly file: string;
  /** The whole line, without its indentation; it stands in the file once. */
  readonly line: string;
  readonly becomes: string;
  /** The operators whose law suites are to find it; `cache` for that of the cache. */
  readonly specs: readonly string[];
}

const mutate = (file: string, ...specs: string[]) => ({
  of: (line: string, becomes: string): Mutant => ({ file, line, becomes, specs }),
});

const emitter = mutate('src/emitter.ts', 'buffer', 'conflate');
const gate = mutate('src/flow/gate.ts', 'buffer', 'merge');
const relay = mutate('src/flow/relay.ts', 'buffer');
const loop = mutate('src/loop.ts', 'buffer');
const account = mutate('src/credit.ts', 'buffer');
const listen = mutate('src/listen.ts', 'filter', 'buffer');
const fifo = mutate('src/flow/queue.ts', 'buffer');
const marks = mutate('src/marks.ts', 'buffer', 'conflate');
const stretch = mutate('src/flow/stretch.ts', 'buffer');
const told = mutate('src/flow/told.ts', 'buffer');
const rotation = mutate('src/flow/rotation.ts', 'merge');
const dropping = mutate('src/flow/dropping-queue.ts', 'buffer');
const conflating = mutate('src/flow/conflating-queue.ts', 'conflate');
const filter = mutate('operators/flow/filter.ts', 'filter');
const map = mutate('operators/flow/map.ts', 'map');
const merge = mutate('operators/flow/merge.ts', 'merge');
const compact = mutate('operators/flow/compact.ts', 'compact');
const fromOffset = mutate('operators/flow/from-offset.ts', 'from-offset');
const cursor = mutate('src/log/cursor.ts', 'cursor', 'from-offset');
const ending = mutate('src/log/ending.ts', 'cursor', 'from-offset');
const selection = mutate('src/log/selection.ts', 'cursor', 'compact');
const fanout = mutate('operators/flow/fanout.ts', 'fanout');
const route = mutate('operators/flow/route.ts', 'route');
const transactions = mutate('src/cache/transactions.ts', 'cache');
const keys = mutate('src/cache/key-index.ts', 'cache');
const slots = mutate('src/cache/slot-table.ts', 'cache');
const follower = mutate('src/cache/key-follower.ts', 'cache');
const current = mutate('src/cache/current-records.ts', 'cache');
const batches = mutate('src/cache/clean-batch.ts', 'cache');
const holds = mutate('src/cache/holds.ts', 'cache');
const cleaner = mutate('src/cache/cleaner.ts', 'cache');
const passes = mutate('src/cache/cleaned.ts', 'cache');
const kept = mutate('src/records/kept.ts', 'cache');

const laneCredit = mutate('src/lane-credit.ts', 'stage');
const staged = (part: string) => mutate(`src/stage/${part}.ts`, 'stage');

export const mutants: readonly Mutant[] = [
  emitter.of("if (frame.kind === 'data') this.#balance -= frame.reserved;", ''),
  emitter.of(
    'else if (isCount(control.credit)) this.#balance += control.credit;',
    'else if (isCount(control.credit)) this.#balance = control.credit;',
  ),
  emitter.of(
    'const frame = this.#refused ? this.#refusal : this.#source.pull(this.#balance);',
    'const frame = this.#source.pull(this.#balance);',
  ),
  emitter.of('if (this.#opening !== undefined) {', 'if (this.#opening !== undefined && this.#balance > 0) {'),
  emitter.of('this.#refused = true;', ''),
  emitter.of(
    'return frame.reserved <= this.#balance && this.#loop.pass(this.#deliver, frame);',
    'return this.#loop.pass(this.#deliver, frame);',
  ),
  emitter.of("if (frame.kind === 'end' || frame.kind === 'abort') out.complete();", ''),
  emitter.of('this.#refusal = this.#source.reset?.(ext) ?? abort();', 'this.#source.reset?.(ext);'),
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
  gate.of('else queue.mark(frame);', 'else this.#answers.push(frame);'),
  relay.of('refill: () => account.settle(),', 'refill: () => false,'),
  relay.of('reset: (ext) => account.reset(ext),', 'reset: () => account.reset(undefined),'),
  loop.of('if (!this.#running && !this.#stopped) this.#run();', 'if (!this.#stopped) this.#run();'),
  loop.of('if (this.#slice.over()) {', 'if (this.#slice.over() && false) {'),
  account.of('this.#owed = 0;', ''),
  account.of('this.#owed += credit;', 'this.#owed += credit - 1;'),
  account.of('this.#owed = window;', 'this.#owed = window + 1;'),
  listen.of('this.#listener.next(value);', 'setTimeout(() => this.#listener.next(value));'),
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
  compact.of('control(window(reserved - cost));', ''),
  compact.of('} else if (newest > owed) owed = newest;', '}'),
  compact.of('if (waiting === undefined || owes()) return;', 'if (waiting === undefined) return;'),
  compact.of('if (owed >= 0n && below === undefined && log.cleaned > owed) owed = log.cleaned - 1n;', ''),
  compact.of(
    'return newest !== undefined && newest > record.offset && (below === undefined || newest < below)',
    'return newest !== undefined && newest >= record.offset && (below === undefined || newest < below)',
  ),
  compact.of(
    'return newest !== undefined && newest > record.offset && (below === undefined || newest < below)',
    'return newest !== undefined && newest > record.offset',
  ),
  fromOffset.of('ending = abort(thrown);', ''),
  fromOffset.of('return sent ?? ending ?? (cursor?.isDone ? end() : undefined);', 'return sent;'),
  fromOffset.of('idle: () => outlet.balance > 0 && cursor?.empty === false,', 'idle: () => false,'),
  fromOffset.of('out.add(life);', ''),
  fromOffset.of("until: typeof until === 'object' ? until.offset : until,", 'until: undefined,'),
  cursor.of(
    "if (this.#state === 'waiting' || this.#state === 'asleep') this.#state = 'ready';",
    "if (this.#state === 'waiting') this.#state = 'ready';",
  ),
  cursor.of('else if (balance <= 0) return undefined;', ''),
  cursor.of('this.#ending.release();', ''),
  cursor.of("if (this.#ending.isBounded) this.#state = 'done';", ''),
  ending.of('if (!this.isBounded && this.#log.cleaned > this.#at) this.#at = this.#log.cleaned;', ''),
  ending.of('if ((newest[at] as number) >= (this.#at as bigint)) this.#past(BigInt(newest[at] as number));', ''),
  ending.of('if (this.#canMove(from)) this.#past(newest);', ''),
  ending.of('this.#held.add(this.#log.hold(this.#at));', ''),
  selection.of('if (bound !== undefined && newest >= bound) return false;', ''),
  selection.of(
    "if (!this.#options.conflates || this.#options.isolation !== 'read_committed') return false;",
    'if (!this.#options.conflates) return false;',
  ),
  selection.of('if (newest < next) next = newest;', ''),
  selection.of(
    'const run = conflates && !isFound ? this.#log.current(chunk, bound) : all;',
    'const run = conflates && !isFound ? this.#log.current(chunk) : all;',
  ),
  fanout.of("if (frame.kind === 'data') this.#account.owe(frame.reserved);", ''),
  fanout.of('if (frame === undefined) return this.#account.settle();', 'if (frame === undefined) return false;'),
  fanout.of('this.#upstream.unsubscribe();', ''),
  fanout.of(
    "if (frame.kind === 'end' || frame.kind === 'abort') return gate.close(frame);",
    "if (frame.kind === 'end' || frame.kind === 'abort') return gate.close(abort());",
  ),
  route.of('handoff.send((taker) => taker.next(frame));', ''),
  route.of('chosen = true;', ''),
  route.of(
    'complete: () => (chosen ? handoff.send((taker) => taker.complete()) : reply.complete()),',
    'complete: () => {},',
  ),
  route.of(
    'if (chosen) return handoff.send((taker) => taker.next(frame));',
    "if (chosen) return frame.kind === 'flush' ? undefined : handoff.send((taker) => taker.next(frame));",
  ),
  transactions.of('for (const { firstOffset } of this.#open.values()) return firstOffset;', ''),
  transactions.of("if (outcome === 'commit') return undefined;", ''),
  transactions.of('return next !== undefined && next.firstOffset <= lastOffset;', 'return false;'),
  keys.of('if (offset > before) {', 'if (before === NONE) {'),
  keys.of('if (entry === NONE || this.newestOf(entry) !== offset) return false;', 'if (entry === NONE) return false;'),
  keys.of('this.#slots.delete(hashes[index * 4] as number, entry);', ''),
  keys.of('if (newest !== NONE && newest < offset) this.#giveUp(page * PAGE + index);', ''),
  slots.of('if (((at - home) & (SLOTS - 1)) >= ((at - hole) & (SLOTS - 1))) {', 'if (at === home) {'),
  slots.of('const start = (hash >>> (32 - this.#depth)) & -span;', 'const start = hash >>> (32 - this.#depth);'),
  follower.of('if (key !== null) this.table.add(key, Number((keyed as KeyedRun).offsetAt(index)));', ''),
  follower.of('if (this.#position < start) this.#position = start;', 'this.#position = this.#log.end();'),
  current.of('if (newest > offset && next < below) continue;', 'if (newest > offset) continue;'),
  current.of('if (newest > offset && next < below) continue;', 'if (newest >= offset) continue;'),
  batches.of('if (newest > offset && newest < stable) {', 'if (newest >= offset && newest < stable) {'),
  batches.of('if (!holds.isNeeded(offset, newest, table.isPartial)) continue;', 'continue;'),
  holds.of('return this.#held.size === 0;', 'return true;'),
  holds.of('if (offset >= this.#highest) return;', 'return;'),
  holds.of('this.#next.set(offset, by);', ''),
  holds.of(
    'if (offset < end && end <= (isExact && !isPartial ? next : newest)) return true;',
    'if (offset < end && end <= newest) return true;',
  ),
  batches.of('const newest = keySize < 0 ? NONE : newestOf(table, key);', 'const newest = newestOf(table, key);'),
  cleaner.of('for (const { key, offset } of removed) this.#log.table.remove(key, offset);', ''),
  cleaner.of('const tombstones = BigInt((removed.at(-1)?.offset ?? -1) + 1);', 'const tombstones = 0n;'),
  passes.of('return passes.findLast(({ at }) => at + retention <= now)?.to ?? 0n;', 'return passes.at(-1)?.to ?? 0n;'),
  kept.of('first = last + 1;', 'first = last + 2;'),
  staged('stage-lane').of(
    'if (this.#open?.isWhole || this.#failure !== undefined) return false;',
    'if (this.#failure !== undefined) return false;',
  ),
  staged('stage-lane').of('record.held -= written;', ''),
  staged('stage-lane').of('this.#isSwallowing = !record.isWhole;', 'this.#isSwallowing = false;'),
  staged('moving').of('if (this.#isOverdue) return true;', ''),
  staged('moving').of('if (isSingle) return false;', 'if (before > 0) return false;'),
  laneCredit.of('if (this.#balance <= 0) this.#grant();', ''),
  staged('stage-answers').of('else before.followers.push(answer);', 'else this.#tell(answer);'),
  staged('disk-share').of('else if (this.#whole.size > 0) return false;', ''),
  staged('disk-share').of('this.#used -= record.staged;', ''),
  staged('disk-share').of(
    'if (this.#used + record.held <= this.#size) this.#admit(record);',
    'if (record.held > 0) this.#admit(record);',
  ),
  staged('partition-exit').of('record.drop();', ''),
  staged('partition-exit').of(
    'this.#records.push(record);',
    'if (this.#records.length < 3) this.#records.push(record);',
  ),
  staged('staged-record').of(
    'if (body.length > 0) this.#pieces.push(body);',
    'if (body.length > 0) this.#pieces.unshift(body);',
  ),
  staged('topic-stage').of('if (this.#isOver || this.#streams.size > 0) return;', 'if (this.#isOver) return;'),
];
