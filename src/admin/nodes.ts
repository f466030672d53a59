/** The nodes that share a store. */

import { z } from 'zod'
import { rfc3339 } from '#base/clock.ts'
import { Problem } from '#base/problem.ts'
import { saying } from '#base/refusal.ts'
import { operation } from './operation.ts'
import type { NodeFacts } from './port.ts'
import { table } from './render.ts'
import { trailRowOf } from './trail-row.ts'

/** Not heard for so long, a node counts as gone until it is heard again. */
const goneMs = 5000

const nodeView = z.object({
  id: z.string(),
  url: z.string().nullable().describe('Where it listens; null while it starts.'),
  state: z.enum(['alive', 'gone']).describe('gone: not heard for 5 s.'),
  version: z.string(),
  config_digest: z.string().nullable().describe('SHA-256 of its drover.yaml; null = it has none.'),
  started: z.string().describe('RFC 3339, UTC.'),
  heard: z.string().describe('When the store last heard it; RFC 3339, UTC.'),
})

const viewOf = ({ node, url, version, digest, startedMs, heardMs, agoMs }: NodeFacts): z.output<typeof nodeView> => ({
  id: node,
  url,
  state: agoMs < goneMs ? 'alive' : 'gone',
  version,
  config_digest: digest,
  started: rfc3339(startedMs),
  heard: rfc3339(heardMs),
})

const list = operation({
  noun: 'nodes',
  verb: 'list',
  summary: 'List the nodes that share the store; a single server on SQLite lists none.',
  method: 'GET',
  path: '/nodes',
  scope: 'read',
  input: z.strictObject({}),
  output: z.object({ data: z.array(nodeView) }),
  flags: [],
  render: ({ data }) =>
    table(
      ['ID', 'STATE', 'URL', 'VERSION', 'STARTED', 'HEARD'],
      data.map(({ id, state, url, version, started, heard }) => [id, state, url ?? '', version, started, heard]),
    ),
  run: async (_input, { ports }) => ({ data: ((await ports.nodes?.nodes()) ?? []).map(viewOf) }),
})

const forget = operation({
  noun: 'nodes',
  verb: 'forget',
  summary:
    "Forget a node that does not come back: what it was lent is its accounts' again, what it reports later is a loss.",
  method: 'DELETE',
  path: '/nodes/{id}',
  scope: 'write',
  input: z.strictObject({ id: z.string().min(1).max(100).describe('As `nodes list` shows it.') }),
  output: z.object({ id: z.string(), forgotten: z.literal(true) }),
  flags: [{ field: 'id', describe: 'The node, as `nodes list` shows it.', positional: true }],
  render: ({ id }) => `Node ${id} is forgotten.\n`,
  run: async ({ id }, context) => {
    const { nodes } = context.ports
    const known = (await nodes?.nodes())?.find(({ node }) => node === id)
    if (nodes === null || known === undefined)
      throw new Problem('not_found', {
        ...saying('no_node', { id }),
        param: 'id',
      })
    if (known.agoMs < goneMs) throw new Problem('conflict', { ...saying('node_alive', { id }), param: 'id' })
    await nodes.forgetNode(
      id,
      trailRowOf({ operation: 'nodes.forget', object: id, before: viewOf(known), after: null }, context),
    )
    return { id, forgotten: true as const }
  },
})

export const nodeOperations = [list, forget] as const
