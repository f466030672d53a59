/** All suites that start gateways. */

import { cache, calls, growth, memory, nodes, partsOff, rates, runtimes, start } from './call-suites.ts'
import { crossings, streams, trace } from './stream-suites.ts'
import type { Suite } from './suite.ts'

export const suites: readonly Suite[] = [
  calls,
  streams,
  rates,
  nodes,
  memory,
  partsOff,
  runtimes,
  crossings,
  growth,
  trace,
  cache,
  start,
]
