import { echoServer } from '../../operators/echo/server.ts';
import { kind } from '../kind.ts';

export const echo = [
  kind({
    type: 'echo',
    kind: 'server',
    about: 'sends back what it is sent',
    entry: 'net',
    exit: 'none',
    make: () => echoServer(),
  }),
] as const;
