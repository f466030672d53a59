/**
 * The primary process of several workers on one machine: it holds the data folder, starts the workers and starts them again, counts limits
 * for all of them, and with the embedded store it is the one that has the database. It serves nobody itself.
 */

import { uncarried } from '#base/carried-problem.ts'
import type { Log } from '#base/log.ts'
import { Problem } from '#base/problem.ts'
import type { ServeRequest } from '#cli/ports.ts'
import { spreadsConnections } from '#http/listening.ts'
import type { HeldMandate, NodeBeat } from '#job/port.ts'
import type { NewDecision, ToldMigration } from '#migration/port.ts'
import type { Delivery } from '#notify/port.ts'
import type { CountedMetrics } from '#observe/metrics-text.ts'
import { addMetrics, lasting } from '#observe/metrics-text.ts'
import { pinoLog } from '#observe/pino-log.ts'
import { limiterDesk } from '#policy/distant-limiter.ts'
import { makeMemoryLimiter } from '#store/memory/limiter.ts'
import { makeMemoryNodes } from '#store/memory/nodes.ts'
import { certificateMark } from '#wiring/data.ts'
import { stopped } from '#wiring/drain.ts'
import type { Machine } from '#wiring/machine.ts'
import type { Crew } from '#worker/crew.ts'
import { startCrew } from '#worker/crew.ts'
import type { Desk } from '#worker/line.ts'
import { forkWorkers } from './fork.ts'
import type { Ports, SeatFacts, WorkerFailed, WorkerListens } from './messages.ts'
import { workerNode } from './messages.ts'
import type { PrimaryData } from './primary-data.ts'
import { openPrimaryData } from './primary-data.ts'
import { choosePorts } from './share-port.ts'

/** Counters of each worker are looked at so often, so that those of one that is killed are not lost to the sum. */
const metricsEveryMs = 5000
const healthEveryMs = 250
const awakeEveryMs = 1_000_000
/** A change is on every worker within this time; one that has not heard of it asks before it takes another call (`follow-store.ts`). */
const changePatience = { withinMs: 1000, silence: 'warn' } as const
/** Beyond the drain: what is left of a call's books and of the journal. */
const endSlackMs = 10_000

type Holding = {
  readonly machine: Machine
  readonly request: ServeRequest
  readonly log: Log
  readonly ports: Ports
} & PrimaryData

type Creation = { readonly first: NewDecision }

type StoreQuestion = { readonly name: string; readonly input: unknown }

/** The migration that was changed by this, for the other workers; `null` = none was. */
const toldMigration = ({ name, input }: StoreQuestion, value: unknown): ToldMigration | null => {
  if (name !== 'createMigration' && (name !== 'decideMigration' || value !== true)) return null
  const { decision } = name === 'createMigration' ? (input as Creation).first : (input as NewDecision)
  return { id: decision.migration, phase: decision.after.phase }
}

/** What the primary keeps for the workers. */
const makeKeeping = ({ machine: { clock }, machineNode, thread, log }: Holding) => {
  const limits = limiterDesk(makeMemoryLimiter({ clock }))
  const nodes = makeMemoryNodes(clock)
  /** What each worker had counted when it was last asked, and what those had that have ended. */
  const last = new Map<number, CountedMetrics>()
  let past: Promise<CountedMetrics> = Promise.resolve({ metrics: [], gaps: [] })
  return {
    limits,
    nodes,
    past: () => past,
    noteMetrics: (number: number, metrics: CountedMetrics) => last.set(number, metrics),
    ended: (number: number): void => {
      nodes.gone(workerNode(machineNode, number))
      limits.gone(number).catch((problem: unknown) => log.error('limits of a worker stay taken', { problem }))
      const metrics = last.get(number)
      last.delete(number)
      if (metrics === undefined) return
      past = past.then((before) =>
        addMetrics([before, lasting(metrics)]).catch((problem: unknown) => {
          log.error('what a worker that ended had counted is missing in the metrics', { problem })
          return before
        }),
      )
    },
    store: async ({ name, input }: StoreQuestion): Promise<unknown> => {
      if (thread === null) throw new Problem('internal_error', { message: 'Each worker has the store for itself.' })
      return thread.ask(name, input)
    },
  }
}

type Keeping = ReturnType<typeof makeKeeping>

const nodeDesk = ({ nodes, store }: Keeping): Desk['asked'] => ({
  beat: (beat: NodeBeat) => nodes.beat(beat),
  nodes: () => nodes.nodes(),
  leave: (node: string) => nodes.leave(node),
  takeMandate: (request: Parameters<typeof nodes.takeMandate>[0]) => nodes.takeMandate(request),
  forgetNode: async (input: { readonly node: string }) => {
    await store({ name: 'abandonNode', input })
    return nodes.forget(input.node)
  },
  noteDeliveryUnder: ({ delivery, mandate }: { readonly delivery: Delivery; readonly mandate: HeldMandate }) =>
    nodes.under(mandate, () => store({ name: 'noteDelivery', input: delivery })),
})

const deskOf = (
  { request, localToken, machineNode, ports, thread, log }: Holding,
  keeping: Keeping,
  { crew, number, told }: { readonly crew: () => Crew; readonly number: number; readonly told: Desk['told'] },
): Desk => {
  const { limits, past, store } = keeping
  return {
    asked: {
      ...nodeDesk(keeping),
      store: async (asked: StoreQuestion) => {
        const value = await store(asked)
        const told = toldMigration(asked, value)
        if (told !== null) crew().tellAll('migration', told, number)
        return value
      },
      seat: async (): Promise<SeatFacts> => {
        const { workers: count } = request.config.server
        const at = { ports, reusePort: spreadsConnections }
        return { number, count, localToken, machine: machineNode, ...at, store: thread?.health() ?? null }
      },
      take: (tickets: Parameters<typeof limits.take>[1]) => limits.take(number, tickets),
      giveBack: (returned: Parameters<typeof limits.giveBack>[1]) => limits.giveBack(number, returned),
      recall: async (account: string) => crew().tellAll('recall', account, number),
      others: async ({ name, input }: { readonly name: string; readonly input: unknown }) => {
        const patience = name === 'catchUp' ? changePatience : {}
        const answers = (await crew().askAll(name, input, { except: number, ...patience })).map(([, answer]) => answer)
        return name === 'metrics' ? [...answers, await past()] : answers
      },
    },
    told: {
      ...told,
      giveBack: (returned: Parameters<typeof limits.giveBack>[1]) => {
        limits
          .giveBack(number, returned)
          .catch((problem: unknown) => log.error('limits of a worker stay taken', { worker: number, problem }))
      },
    },
  }
}

/** Workers hear how the store does, and counters are looked at, again and again until `closing`. */
const watchCrew = (
  { machine: { clock }, thread }: Holding,
  { crew, keeping }: { readonly crew: Crew; readonly keeping: Keeping },
  closing: AsyncDisposableStack,
): void => {
  const every = (everyMs: number, work: () => void): void => {
    let cancel = (): void => {}
    const again = (): void => {
      cancel = clock.after(everyMs, () => {
        work()
        again()
      })
    }
    again()
    closing.defer(() => cancel())
  }
  let told = thread?.health()
  every(healthEveryMs, () => {
    const health = thread?.health()
    if (health !== told) crew.tellAll('health', health)
    told = health
  })
  every(metricsEveryMs, () => {
    void crew.askAll('metrics', null).then((answers) => {
      for (const [number, metrics] of answers) keeping.noteMetrics(number, metrics as CountedMetrics)
    })
  })
}

/** Serves with several processes until `machine.stopping`; gives the exit code. @throws Problem when it cannot start. */
export const servePrimary = async (machine: Machine, request: ServeRequest): Promise<number> => {
  await using closing = new AsyncDisposableStack()
  const { clock, stopping, stdout, stderr, version, pid } = machine
  // The clock's timers let a process end: one that waits for workers to be started again has nothing else.
  const awake = setInterval(() => {}, awakeEveryMs)
  closing.defer(() => clearInterval(awake))
  const { config, data: folder } = request
  const { workers: count, drainDelayMs, drainTimeoutMs } = config.server
  const log = pinoLog(config.log.level, stderr)
  const data = await openPrimaryData(machine, { config, data: folder, log }, closing)
  const turns = closing.use(new AsyncDisposableStack())
  const ports = await choosePorts(machine, config.server, turns)
  const holding = { machine, request, log, ports, ...data }
  const keeping = makeKeeping(holding)
  const listening = new Map<number, WorkerListens>()
  let failure: WorkerFailed | null = null
  const crew: Crew = startCrew({
    count,
    fork: forkWorkers(machine),
    deskOf: (number) =>
      deskOf(holding, keeping, {
        crew: () => crew,
        number,
        told: {
          listens: (told: WorkerListens) => {
            listening.set(number, told)
            log.info('a worker listens', { worker: number, pid: told.pid })
            crew.listens(number)
          },
          failed: (problem: WorkerFailed) => {
            // Told at the end of a start; of one that is started again, here.
            if (listening.size === count)
              log.error('a worker could not start', { worker: number, why: problem.message })
            failure ??= problem
          },
        },
      }),
    ended: keeping.ended,
    clock,
    log,
  })
  const endMs = drainDelayMs + drainTimeoutMs + endSlackMs
  try {
    await Promise.race([crew.begun, stopped(stopping)])
    await turns.disposeAsync()
  } catch (thrown) {
    await crew.stop(endSlackMs)
    throw failure === null ? thrown : uncarried(failure)
  }
  const [first] = listening.values()
  if (first !== undefined && !stopping.aborted) {
    watchCrew(holding, { crew, keeping }, closing)
    data.lock.announce(first.adminUrl, certificateMark(config))
    // What each of them says is said once.
    stderr([...new Set([...listening.values()].map(({ greeting }) => greeting))].join(''))
    stdout(`${JSON.stringify({ event: 'listening', url: first.url, version, pid, data: folder, workers: count })}\n`)
    await stopped(stopping)
    log.info('stopping: the workers take no more calls and end', { workers: count, withinMs: endMs })
  }
  const killed = await crew.stop(endMs)
  if (killed > 0) log.error('workers did not end in time and were killed', { workers: killed })
  return killed > 0 ? 1 : 0
}
