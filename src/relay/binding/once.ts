/** A request under an Idempotency-Key about what providers keep: what it makes is made once, and its answer is given again. */

import { Buffer } from 'node:buffer'
import { asProblem } from '#base/problem.ts'
import type { Inbound } from '#http/inbound.ts'
import { chosenKeyOf, digestOf, keptHead, namedFor } from '#relay/repeat.ts'
import type { Outcome } from '#reuse/keeper.ts'
import type { Turn } from '#reuse/repeats.ts'
import type { Act, Answered, Asking } from './asking.ts'
import { openEnd } from './making-intent.ts'

/** A caller who leaves does not end it, so that the repeat finds the answer: but nothing goes on for longer. */
const goesOnForMs = 1_800_000

type First = Extract<Turn, { readonly kind: 'first' }>

const again = async ({ call, head, pieces }: Extract<Turn, { readonly kind: 'again' }>): Promise<Answered> => {
  const text = Buffer.concat(await Array.fromAsync(pieces())).toString('utf8')
  const told = { 'idempotent-replayed': 'true', 'x-drover-original-request-id': call }
  return { kind: 'document', text, provider: null, headers: { ...head.headers, ...told } }
}

const warned = (answered: Answered, unkept: string | null): Answered => {
  if (unkept === null) return answered
  const own = `Idempotency-Key:the answer is not kept: ${unkept}`
  const said = answered.headers?.['x-drover-warnings']
  return {
    ...answered,
    headers: { ...answered.headers, 'x-drover-warnings': said === undefined ? own : `${said},${own}` },
  }
}

const tell = ({ exchange, ports }: Asking, what: string, thrown: unknown): void =>
  ports.log.warn(what, { call: exchange.inbound.id, problem: asProblem(thrown).message })

/** Runs it, and keeps its answer. Where the store fails, what is said of the key later is what the books prove. */
const run = async (asking: Asking, act: Act, { keeper, unkept }: First): Promise<Answered> => {
  const end = (outcome: Outcome): Promise<void> =>
    keeper
      .end(outcome)
      .catch((thrown: unknown) => tell(asking, 'an answer under an Idempotency-Key is not kept', thrown))
  let answered: Answered
  try {
    answered = await act(asking)
  } catch (thrown) {
    const open = openEnd(thrown)
    // What is looked for answers its key when it is found; until then the books say that it is under way.
    if (open?.isSought !== true) await end(open === null ? 'free' : 'ended')
    throw thrown
  }
  if (answered.kind !== 'document') {
    await end('free')
    return answered
  }
  const { provider, headers, text } = answered
  keeper.head(keptHead(200, { ...(provider === null ? {} : { 'x-drover-provider': provider }), ...headers }))
  keeper.piece(Buffer.from(text))
  await end('kept')
  return warned(answered, unkept)
}

/** Carries out what is asked, once for each Idempotency-Key. @throws Problem of the key, and whatever the act throws. */
export const once = async (asking: Asking, act: Act): Promise<Answered> => {
  const { exchange, ports, key } = asking
  const chosen = exchange.inbound.method === 'POST' ? chosenKeyOf(exchange.inbound) : null
  if (chosen === null) return act(asking)
  const read = await exchange.read()
  const id = namedFor(key, chosen)
  const turn = await ports.repeats.take({
    id,
    asked: await digestOf(read),
    call: read.id,
    account: key.account,
    isFree: key.test,
    signal: read.signal,
  })
  if (turn.kind === 'again') return again(turn)
  const signal = AbortSignal.timeout(goesOnForMs)
  const held = (inbound: Inbound): Inbound => ({ ...inbound, signal })
  const after: (() => Promise<void>)[] = []
  const under = { answer: id, afterwards: (work: () => Promise<void>) => void after.push(work) }
  try {
    const own = { ...exchange, inbound: held(exchange.inbound), read: async () => held(read) }
    const answered = await run({ ...asking, exchange: own, under }, act, turn)
    // What fails here is looked at again by itself.
    for (const work of after)
      await work().catch((thrown: unknown) => tell(asking, 'a note of what was made stays', thrown))
    return answered
  } finally {
    turn.release()
  }
}
