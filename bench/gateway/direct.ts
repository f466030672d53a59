import type { Gateway } from './gateway.ts'
import { chatPath, sameModel } from './gateway.ts'

/** No gateway: what the provider and the generator need by themselves. */
export const direct: Gateway = {
  name: 'direct',
  version: () => '-',
  absent: '',
  settings: 'the provider itself',
  start: ({ upstreamPort }) =>
    Promise.resolve({
      port: upstreamPort,
      pids: [],
      path: chatPath,
      headers: {},
      model: sameModel,
      booked: null,
      end: () => Promise.resolve(),
    }),
}
