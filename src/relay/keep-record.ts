/** The end of every call: its draft frozen into the one record, told to who watches, kept where it is somebody's. */

import type { CallRecord } from '#base/call-record.ts'
import { asProblem } from '#base/problem.ts'
import type { Journey, RelayPorts } from './journey.ts'

export type Recording = Pick<Journey, 'draft' | 'trace'> &
  Partial<Pick<Journey, 'sentDigest'>> & {
    readonly ports: Pick<RelayPorts, 'observe' | 'callLog' | 'log'>
  }

/** Never rejects: what the log does not take is said there where a person looks. */
export const keepRecord = async ({ draft, trace, ports, sentDigest = null }: Recording): Promise<void> => {
  if (draft.key !== null && sentDigest !== null) draft.deliveredDigest = sentDigest()
  const record: CallRecord = Object.freeze({ ...draft })
  ports.observe(record, trace)
  // Without a key it is nobody's call: counted in the metrics, not kept, so that strangers cannot fill the store.
  if (record.key === null) return
  try {
    await ports.callLog.append(record)
  } catch (thrown) {
    ports.log.error('a call record could not be kept', { call: record.id, problem: asProblem(thrown).code })
  }
}
