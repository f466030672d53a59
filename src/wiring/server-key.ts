/** Whether the server's key is the one under which its store was filled. */

import type { Log } from '#base/log.ts'
import { Problem } from '#base/problem.ts'
import { nodeGoneMs } from '#job/node-life.ts'
import type { ClusterStore } from '#job/port.ts'
import type { ReceiptKeys } from '#secret/receipt-keys.ts'
import { workerNode } from './workers/messages.ts'

type Kept = {
  readonly receiptKeys: Pick<ReceiptKeys, 'canSign'>
  readonly cluster: Pick<ClusterStore, 'nodes'> | null
  readonly node: string
  readonly seat: { readonly machine: string } | null
}

/** Another node that runs; the workers of this machine have this key too. */
const runningOther = async ({ cluster, node, seat }: Kept) => {
  const own = seat === null ? null : workerNode(seat.machine, '')
  const isOwn = (name: string): boolean => name === node || (own !== null && name.startsWith(own))
  return (await cluster?.nodes())?.find((one) => one.agoMs < nodeGoneMs && !isOwn(one.node)) ?? null
}

/**
 * With another key than before no key that was handed out is known, and nothing sealed can be read: beside nodes that run that is a slip, which
 * would refuse callers by turns. Alone it is told, and may be meant.
 * @throws Problem `conflict` beside a node that runs.
 */
export const checkServerKey = async (kept: Kept, log: Pick<Log, 'warn'>): Promise<void> => {
  if (await kept.receiptKeys.canSign()) return
  const other = await runningOther(kept)
  if (other === null) {
    log.warn(
      "the server's key (secrets.key, or secret.key in the data folder) is another one than before: no key that was handed out is known, and nothing that was sealed can be read. " +
        "Bring the key back; or, if it was replaced on purpose, make new keys and run 'drover receipt rotate', which ends this warning",
    )
    return
  }
  throw new Problem('conflict', {
    message:
      `"secrets.key" is another key than that of the nodes that run on this store (${other.url ?? other.node}): no key that was handed out would be known here. ` +
      "Give the same one on every node; if it was replaced on purpose there, run 'drover receipt rotate' there first.",
    param: 'secrets.key',
  })
}
