/** What a model needs back with the result of a tool: taken down as its answer passes, put back when the caller comes without it. */

import type { JsonObject } from '#base/json-type.ts'
import { Problem } from '#base/problem.ts'
import type { Call } from '#protocol/call.ts'
import type { CarriedCall } from '#protocol/carried-call.ts'
import { callsWithout, gatherCalls, nameOfCall, readCarriedCall, saidBefore } from '#protocol/carried-call.ts'
import { carrierFormats } from '#protocol/carrier.ts'
import type { ChatRequest } from '#protocol/chat-request.ts'
import type { Part } from '#protocol/part.ts'
import type { Reply } from './first-reply.ts'
import { holderOf } from './holder.ts'
import type { Admitted } from './journey.ts'
import { protocolFor } from './speak.ts'
import type { CarriedFor } from './taken-back.ts'
import { nothingCarried, takenBackBy } from './taken-back.ts'

/** Fields that only the result of a tool has, in all formats. */
const resultMarks: readonly string[] = [
  'tool_call_id',
  'tool_result',
  'call_output',
  'functionResponse',
  'function_response',
]

type KeptCall = CarriedCall & { readonly provider: string }

/** Claude's signatures hold wherever Claude runs; what others sign or encrypt is read by who wrote it. */
const holdsAt = (call: KeptCall, provider: string): CarriedCall => {
  if (call.provider === provider) return call
  const held = <T extends { readonly carriers: CarriedCall['carriers'] }>(one: T): T => ({
    ...one,
    carriers: one.carriers.filter(({ format }) => format === carrierFormats.anthropic),
  })
  const stands = (all: CarriedCall['before']): CarriedCall['before'] =>
    all.map((stand) => (typeof stand === 'number' ? stand : held(stand)))
  return { ...held(call), before: stands(call.before), after: stands(call.after) }
}

const hasResults = ({ payload }: Call): boolean => {
  if (payload.kind !== 'json') return false
  const names = payload.top.names()
  return resultMarks.some((mark) => names.includes(mark))
}

const wantsBack = ({ grant, snapshot, protocol }: Admitted): boolean =>
  grant.groups.some(({ targets }) =>
    targets.some((target) => {
      const upstream = snapshot.upstreams.get(target.provider)
      if (upstream === undefined) return false
      const { model } = target
      return takenBackBy(protocolFor(protocol, upstream, model), { upstream, own: protocol, model }) !== null
    }),
  )

/** The call in shared words; `null` = it cannot be read, which is for its target to judge. */
const readOf = ({ protocol, call }: Admitted): ChatRequest | null => {
  try {
    return protocol.server.readChat?.(call).value ?? null
  } catch (thrown) {
    if (thrown instanceof Problem) return null
    throw thrown
  }
}

const keptCall = (value: JsonObject | undefined): KeptCall | null => {
  const call = value === undefined ? null : readCarriedCall(value)
  const provider = value?.['provider']
  return call === null || typeof provider !== 'string' ? null : { ...call, provider }
}

/** Looks for what the caller left out; asks the store only where a tool has answered and a target wants something back. */
export const findCarried = async (admitted: Admitted): Promise<CarriedFor> => {
  const { ports, draft, call, protocol } = admitted
  if (protocol.server.readChat === undefined || !hasResults(call) || !wantsBack(admitted)) return nothingCarried
  const request = readOf(admitted)
  const names = request === null ? [] : callsWithout(request)
  if (names.length === 0) return nothingCarried
  const found = await ports.carried.find(holderOf(draft), names)
  if (found.size === 0) return nothingCarried
  const calls = new Map([...found].map(([name, value]) => [name, keptCall(value)]))
  return (provider) => (name) => {
    const kept = calls.get(name) ?? null
    return kept === null ? null : holdsAt(kept, provider)
  }
}

/** Takes an answer down for the turn that follows it. */
export type CallKeeper = {
  readonly see: (part: Part) => void
  /** Once the answer is over; gives a warning for what is not kept. */
  readonly end: (whole: boolean) => Promise<readonly string[]>
}

/** `null` = nothing of such an answer must come back. */
export const callKeeperOf = (admitted: Admitted, { attempt }: Reply): CallKeeper | null => {
  const { ports, draft, protocol } = admitted
  const { upstream, leg } = attempt
  const { model } = leg.target
  const taken = takenBackBy(protocolFor(protocol, upstream, model), { upstream, own: protocol, model })
  if (taken === null || protocol.server.readChat === undefined) return null
  const gatherer = gatherCalls()
  let kept: Promise<readonly string[]> | null = null
  const keep = async (): Promise<readonly string[]> => {
    const calls = gatherer.calls()
    if (calls.size === 0) return []
    const said = saidBefore(readOf(admitted)?.messages ?? [])
    const provider = upstream.provider.name
    const entries = [...calls].map(([id, call]) => ({ name: nameOfCall(id, said), value: { ...call, provider } }))
    const lost = await ports.carried.keep(holderOf(draft), entries as never)
    return lost.length === 0 ? [] : ['tool_calls:a thought is too large to be kept for callers who leave it out']
  }
  return {
    see: (part) => {
      gatherer.see(part)
      // Before the caller has the end of the answer: it may come back at once.
      if (part.type === 'finish') kept = keep()
    },
    end: async (whole) => (whole ? ((await kept) ?? []) : []),
  }
}
