/** The courier: keeps what happened, and carries each delivery until it is taken or given up. */

import type { Emit, Event } from '#base/event.ts'
import type { Ids } from '#base/id.ts'
import type { Log } from '#base/log.ts'
import { asProblem } from '#base/problem.ts'
import type { Delivery, DueDelivery, Outbox } from './port.ts'
import type { AlertRule, Recipient } from './recipient.ts'
import { toldOf } from './recipient.ts'
import type { Letter, SendPorts } from './send.ts'
import { sendEvent, sendLetter } from './send.ts'

/** Waits between tries, in seconds: a restart of the receiver, an outage, a night. After the last one it is given up. */
const waitsS: readonly number[] = [5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400]
export const triesMax = waitsS.length + 1
const roundEveryMs = 1_000
/** Deliveries that one round takes. */
const roundMax = 8
/** Events that wait to be kept; what comes on top is counted and told in the log. */
const waitingMax = 10_000

export type CourierPorts = SendPorts & {
  readonly outbox: Pick<Outbox, 'keepEvent' | 'dueDeliveries' | 'noteDelivery'>
  readonly rules: () => readonly AlertRule[]
  readonly recipients: () => ReadonlyMap<string, Recipient>
  /** What goes to somebody who is no recipient of the configuration; `null` = nobody is called so. */
  readonly letterTo?: (recipient: string, event: Event) => Promise<Letter | null>
  readonly ids: Ids
  readonly log: Log
}

export type Courier = {
  readonly emit: Emit
  /** Keeps an event at once, for those whom the alerts name and for others besides; `false` = it was known. */
  readonly keep: (event: Omit<Event, 'timeMs'>, also: readonly string[]) => Promise<boolean>
  /** Resolves when what was emitted is kept and no delivery is under way. */
  readonly close: () => Promise<void>
}

/** What becomes of a delivery after a try; up to a fifth is added to each wait, so that receivers do not get them all at once. */
export const afterTry = (
  { tries, ...delivery }: Delivery,
  ended: { readonly error: string | null; readonly nowMs: number; readonly chance: number },
): Delivery => {
  const { error, nowMs, chance } = ended
  const base = { ...delivery, tries: tries + 1, error: error?.slice(0, 500) ?? null }
  if (error === null) return { ...base, state: 'delivered', nextMs: null, deliveredMs: nowMs }
  const waitS = waitsS[tries]
  if (waitS === undefined) return { ...base, state: 'dead', nextMs: null }
  return { ...base, state: 'pending', nextMs: nowMs + Math.round(waitS * 1000 * (1 + chance / 5)) }
}

/** Tries once; gives why it failed, or nothing. */
const tryOnce = async ({ event, delivery }: DueDelivery, ports: CourierPorts): Promise<string | null> => {
  const recipient = ports.recipients().get(delivery.recipient)
  if (recipient !== undefined) return sendEvent(event, recipient, ports)
  const letter = (await ports.letterTo?.(delivery.recipient, event)) ?? null
  if (letter !== null) return sendLetter(letter, ports)
  return `the configuration has no recipient '${delivery.recipient}' any more`
}

const carry = async (due: DueDelivery, ports: CourierPorts): Promise<void> => {
  const { event, delivery } = due
  const error = await tryOnce(due, ports).catch((thrown: unknown) => asProblem(thrown).message)
  const noted = afterTry(delivery, { error, nowMs: ports.clock.nowMs(), chance: ports.ids.chance() })
  if (noted.state === 'dead')
    ports.log.error('nobody could be told of an event', { event: event.id, recipient: delivery.recipient, error })
  await ports.outbox.noteDelivery(noted)
}

/** Events on their way into the store, in their order. */
const makeKeeper = (ports: CourierPorts, kept: () => void) => {
  const waiting: Event[] = []
  let dropped = 0
  let running: Promise<void> | null = null
  const drain = async (): Promise<void> => {
    for (let event = waiting.shift(); event !== undefined; event = waiting.shift()) {
      try {
        await ports.outbox.keepEvent(event, toldOf(ports.rules(), event))
      } catch (thrown) {
        ports.log.error('an event could not be kept', { event: event.name, problem: asProblem(thrown).message })
      }
    }
    running = null
    kept()
  }
  return {
    add: (event: Event): void => {
      if (waiting.length >= waitingMax) {
        dropped += 1
        ports.log.error('events come faster than they can be kept', { dropped })
        return
      }
      waiting.push(event)
      running ??= drain()
    },
    done: async (): Promise<void> => {
      while (running !== null) await running
    },
  }
}

/** Carries until `close`. Every event is kept before it is delivered, so that a restart goes on where this ended. */
export const startCourier = (ports: CourierPorts): Courier => {
  const { clock, ids, log } = ports
  let closed = false
  let cancel = (): void => {}
  let round: Promise<void> | null = null

  const carryDue = async (): Promise<void> => {
    try {
      const due = await ports.outbox.dueDeliveries(clock.nowMs(), roundMax)
      await Promise.all(due.map((one) => carry(one, ports)))
    } catch (thrown) {
      log.warn('the outbox could not be read or written', { problem: asProblem(thrown).message })
    }
    round = null
    wait(roundEveryMs)
  }
  const wait = (delayMs: number): void => {
    cancel()
    if (closed) return
    cancel = clock.after(delayMs, () => {
      round ??= carryDue()
    })
  }
  const keeper = makeKeeper(ports, () => {
    if (round === null) wait(0)
  })
  wait(0)
  return {
    emit: (event) => {
      const { name, message, object } = event
      log.warn(message, { event: name, object })
      if (!closed) keeper.add({ ...event, id: event.id ?? ids.next('evt'), timeMs: clock.nowMs() })
    },
    keep: async (event, also) => {
      const dated = { ...event, timeMs: clock.nowMs() }
      return ports.outbox.keepEvent(dated, [...toldOf(ports.rules(), dated), ...also])
    },
    close: async () => {
      await keeper.done()
      closed = true
      cancel()
      if (round !== null) await round
    },
  }
}
