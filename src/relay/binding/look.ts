/** One look at something that a provider does while nobody waits for it. */

import type { LookPorts as ResponsePorts } from '#relay/background-native.ts'
import { lookAtResponse } from '#relay/background-native.ts'
import type { BindingRow } from '#resource/port.ts'
import type { LookPorts } from './batch-settle.ts'
import { lookAtBatch } from './batch-settle.ts'
import type { SeekPorts } from './making-intent.ts'
import { isIntent, lookForMade } from './making-intent.ts'
import { lookAtJob } from './tuning-settle.ts'

/** @throws Problem where it is to be looked at again. */
export const lookAt = async (ports: LookPorts & ResponsePorts & SeekPorts, row: BindingRow): Promise<void> => {
  if (isIntent(row)) await lookForMade(ports, row)
  else if (row.kind === 'batch') await lookAtBatch(ports, row)
  else if (row.kind === 'job') await lookAtJob(ports, row)
  else if (row.kind === 'response') await lookAtResponse(ports, row)
  else await ports.bindings.changeBinding(row, { nextMs: null })
}
