/**
 * Proves three nodes on one prepaid account over networks that are cut, one way or both, slowed and mended:
 * `bin/drover-node test/postgres/namespaces.ts` (as root, on Linux; needs `ip`, `unshare`, Python and Postgres). Each node and the store
 * are hosts of their own. Prints a table of what callers were told, and what held; exit code 1 where anything did not.
 */

import { strict as assert } from 'node:assert'
import { setTimeout as wait } from 'node:timers/promises'
import { call } from '../e2e/call.ts'
import type { Account } from '../e2e/customer.ts'
import { admin, balanceOf, models, openAccount, sold } from '../e2e/customer.ts'
import { adminKey, eventually } from '../e2e/harness.ts'
import { whole } from '../fake/answer.ts'
import { makeGate } from '../fake/gate.ts'
import { completion } from '../fake/openai.ts'
import { startFleet } from './fleet.ts'
import type { Course, Wish } from './hosts.ts'
import { inNamespaces, layHosts } from './hosts.ts'
import { startPostgres } from './server.ts'

const outerCode = await inNamespaces()
if (outerCode !== null) process.exit(outerCode)

const callersOfNode = 4
const quietMs = 3000
const slowMs = 100
/** Each way, of frames to the store and back. */
const lossyShare = '5%'
const withinMs = 60_000
/** The time that a call has for its money, and what the provider here takes. */
const answeredWithinMs = 15_000
const callNano = 13_000n
const richNano = 100_000_000_000n
const poorNano = 3_000_000n
const config = `${models}cluster: { stale_max: 3s }\n`
const answered = whole(completion({ promptTokens: 7, completionTokens: 3 }))

await using hosts = await layHosts(3)
await using server = await startPostgres({ on: hosts.store })
await using fleet = await startFleet({ url: await server.database(), size: 0, config, upstreamAddress: hosts.address })
fleet.upstream.answer(answered)
const nodes = await Promise.all(
  hosts.nodes.map(async (host) => {
    const relay = await fleet.add({ through: host.through, flags: ['--host', host.address, '--port', '4000'] })
    return { host, relay }
  }),
)
type Node = (typeof nodes)[number]
const nodeAt = (place: number): Node => {
  const node = nodes[place % nodes.length]
  assert.ok(node !== undefined)
  return node
}
const benchAt = (place: number) => ({
  relay: nodeAt(place).relay,
  upstream: fleet.upstream,
  key: '',
  close: async () => {},
})

type Told = {
  readonly phase: string
  /** The one in which it ended: a call may begin before a wire is cut. */
  readonly endPhase: string
  readonly node: string
  readonly answer: string
  readonly why: string
  readonly ms: number
}
const told: Told[] = []
const unheard = 'unheard'
let phase = unheard

const ask = async ({ host, relay }: Node, key: string): Promise<string> => {
  const [during, begunMs] = [phase, performance.now()]
  const [answer, why] = await call(relay.url, { key, body: sold() }).then(
    (one): readonly [string, string] =>
      one.status === 200
        ? ['200', '']
        : [`${one.status} ${String(one.at('error.code'))}`, String(one.at('error.message'))],
    (fault: unknown): readonly [string, string] => [`no answer: ${String(fault)}`, ''],
  )
  const [node, ms] = [host.name, performance.now() - begunMs]
  if (during !== unheard) told.push({ phase: during, endPhase: phase, node, answer, why, ms })
  return answer
}
const readinessOf = async ({ relay }: Node): Promise<number> =>
  (await call(relay.url, { path: '/health/readiness' })).status
const seconds = (sinceMs: number): string => `${((performance.now() - sinceMs) / 1000).toFixed(1)} s`
const until = (what: string, isSo: () => Promise<boolean>): Promise<true> =>
  eventually(what, async () => ((await isSo()) ? true : undefined), withinMs)
const isReady = async (node: Node): Promise<boolean> => (await readinessOf(node)) === 200
const wasTold = (node: Node, during: string, what: string): boolean =>
  told.some((one) => one.phase === during && one.node === node.host.name && one.answer === what)

const checks: { readonly what: string; readonly isSo: boolean; readonly seen: string }[] = []
const check = (what: string, isSo: boolean, seen: string): void => void checks.push({ what, isSo, seen })
const notes = new Map<string, string>()

/** Lowest of what an account has less what is held of it, as a node that hears the store says. */
let lowestNano = richNano
const watch = async (place: number, account: Account): Promise<void> => {
  const { balance, held } = await balanceOf(benchAt(place), account.id)
  if (balance - held < lowestNano) lowestNano = balance - held
}
const quietOf = (place: number, account: Account): Promise<bigint> =>
  eventually(
    'everything in the books',
    async () => {
      const { balance, held } = await balanceOf(benchAt(place), account.id)
      return held === 0n ? balance : undefined
    },
    withinMs,
  )

const both = ['there', 'back'] as const
/** Until every node has heard of the account: a second is allowed, in which its key is refused. */
const known = async (account: Account): Promise<void> => {
  phase = unheard
  for (const node of nodes)
    await until('the account on every node', async () => (await ask(node, account.key)) === '200')
}

/** Four callers at each node, without pause, until `end`. */
const startCallers = (account: Account) => {
  let ending = false
  const callers = nodes.flatMap((node) =>
    Array.from({ length: callersOfNode }, async () => {
      while (!ending) if ((await ask(node, account.key)) !== '200') await wait(50)
    }),
  )
  return async (): Promise<void> => {
    ending = true
    await Promise.all(callers)
  }
}

const setWire = async (node: Node, courses: readonly Course[], wish: Wish = 'lost'): Promise<void> => {
  for (const course of courses) await node.host.wire(course, wish)
}

const cut = async (node: Node, courses: readonly Course[]): Promise<void> => {
  const during = `${node.host.name}: lost ${courses.join(' and ')}`
  phase = during
  await setWire(node, courses)
  const cutMs = performance.now()
  await until('a node that is not ready', async () => !(await isReady(node)))
  const unready = seconds(cutMs)
  await until('a refusal', async () => wasTold(node, during, '503 store_unavailable'))
  notes.set(during, `${node.host.name} not ready after ${unready}, first refusal after ${seconds(cutMs)}`)
  await wait(quietMs)
  const after = `${node.host.name}: mended`
  phase = after
  await setWire(node, courses, 0)
  const mendedMs = performance.now()
  await until('a node that is ready', () => isReady(node))
  const ready = seconds(mendedMs)
  await until('a node that serves', async () => wasTold(node, after, '200'))
  notes.set(after, `${node.host.name} ready after ${ready}, served after ${seconds(mendedMs)}`)
  await wait(quietMs)
}

/** The load goes on through all of it; what callers were told is held against the books. */
const underLoad = async (): Promise<void> => {
  const account = await openAccount(benchAt(0), richNano)
  await known(account)
  const before = richNano - (await quietOf(0, account))
  phase = 'quiet'
  const end = startCallers(account)
  await wait(quietMs)
  for (const [place, courses] of ([['there'], ['back'], both] as const).entries()) {
    await cut(nodeAt(place), courses)
    await watch(place + 1, account)
  }
  phase = 'nodes kept apart'
  await hosts.apart(true)
  await wait(quietMs)
  await hosts.apart(false)
  phase = `node3: ${slowMs} ms each way`
  await setWire(nodeAt(2), both, slowMs)
  await wait(3 * quietMs)
  notes.set(phase, `readiness of node3: ${await readinessOf(nodeAt(2))}`)
  await setWire(nodeAt(2), both, 0)
  phase = `node2: ${lossyShare} lost by chance, each way`
  await setWire(nodeAt(1), both, lossyShare)
  await wait(4 * quietMs)
  notes.set(phase, `readiness of node2: ${await readinessOf(nodeAt(1))}`)
  const lossy = phase
  await setWire(nodeAt(1), both, 0)
  await until('node2 ready again', () => isReady(nodeAt(1)))
  phase = 'quiet again'
  await wait(quietMs)
  await end()
  const left = await quietOf(0, account)
  const charged = (richNano - left - before) / callNano
  const ok = told.filter(({ answer }) => answer === '200').length
  check(
    'every answered call charged once, no other',
    richNano - left - before === BigInt(ok) * callNano,
    `${ok} answered, ${charged} charged`,
  )
  const strange = new Set(
    told.map(({ answer }) => answer).filter((answer) => !['200', '503 store_unavailable'].includes(answer)),
  )
  check('calls end with 200, or 503 store_unavailable', strange.size === 0, [...strange].join('; ') || 'no other end')
  const isCut = (during: string, node: string): boolean => notes.has(during) && during.startsWith(`${node}: `)
  const failed = told.filter(
    (one) => one.answer !== '200' && !isCut(one.phase, one.node) && !isCut(one.endPhase, one.node),
  )
  check(
    'nodes that reach the store refuse nothing',
    failed.length === 0,
    `${failed.length} refused: ${[...new Set(failed.map((one) => `${one.phase} ${one.node} ${Math.round(one.ms)} ms ${one.answer} ${one.why}`))].join('; ')}`,
  )
  check(
    'a node whose wire loses packets by chance goes on, or refuses in time',
    wasTold(nodeAt(1), lossy, '200') && told.every((one) => one.phase !== lossy || one.ms <= answeredWithinMs),
    `${told.filter((one) => one.phase === lossy && one.node === nodeAt(1).host.name).length} calls answered there`,
  )
  const strangers = (
    await Promise.all(
      nodes.map(async ({ host }) => {
        const others = nodes.flatMap(({ host: other }) =>
          other === host ? [] : [other.address, other.address.replace('.1.', '.2.')],
        )
        return (await host.neighbours()).filter((address) => others.includes(address))
      }),
    )
  ).flat()
  check(
    'no node ever sent anything to another',
    strangers.length === 0,
    strangers.join() || 'none is in their tables of neighbours',
  )
}

/** One node has a part of a small credit and is cut off; the others sell the rest, and it sells what it was lent. */
const toTheFloor = async (): Promise<void> => {
  const account = await openAccount(benchAt(0), poorNano)
  await known(account)
  phase = 'small credit, node1 cut off'
  await setWire(nodeAt(0), both)
  const spend = async (node: Node): Promise<void> => {
    while ((await ask(node, account.key)) === '200') await watch(1, account)
  }
  await Promise.all(nodes.flatMap((node) => [spend(node), spend(node), spend(node)]))
  await setWire(nodeAt(0), both, 0)
  phase = 'small credit, mended'
  const [last, sold] = [
    await quietOf(1, account),
    told.filter(({ phase: during, answer }) => during.startsWith('small') && answer === '200').length,
  ]
  await until('node1 ready', () => isReady(nodeAt(0)))
  const end = await Promise.all(nodes.map((node) => ask(node, account.key)))
  notes.set(
    'small credit, node1 cut off',
    `${sold} calls sold, ${last} nano-USD left; then ${[...new Set(end)].join(', ')}`,
  )
  check(
    'the floor was never crossed',
    lowestNano >= 0n && last >= 0n,
    `lowest ${lowestNano} nano-USD free, ${last} in the end`,
  )
}

/** A node with a call under way is cut off and forgotten; what it reports when it is back is the operator's loss. */
const forgotten = async (): Promise<void> => {
  const credit = 1_000_000_000n
  const account = await openAccount(benchAt(0), credit)
  const node = nodeAt(1)
  await known(account)
  const before = await quietOf(0, account)
  phase = 'node2 cut off and forgotten'
  const gate = makeGate()
  fleet.upstream.forget()
  fleet.upstream.answerOnce(async (exchange) => {
    await gate.passed
    await answered(exchange)
  })
  const underWay = call(node.relay.url, { key: account.key, body: sold() })
  await fleet.upstream.arrival(0)
  const held = await eventually(
    'what the call holds',
    async () => {
      const money = await balanceOf(benchAt(0), account.id)
      return money.held === 0n ? undefined : money.held
    },
    withinMs,
  )
  await setWire(node, both)
  const listed = async () =>
    (await admin(benchAt(0), '/nodes'))['data'] as readonly { id: string; url: string; state: string }[]
  const gone = await eventually(
    'the node to be gone',
    async () => (await listed()).find(({ url, state }) => url.includes(node.host.address) && state === 'gone'),
    withinMs,
  )
  const { status } = await call(nodeAt(0).relay.url, {
    method: 'DELETE',
    path: `/api/v1/nodes/${gone.id}`,
    key: adminKey,
  })
  const after = await balanceOf(benchAt(0), account.id)
  check(
    'what was lent to a forgotten node is the account’s again',
    status === 200 && after.held === 0n && after.balance === before,
    `${held} held before, ${after.held} after`,
  )
  gate.open()
  const answer = await underWay
  await setWire(node, both, 0)
  const state = await eventually(
    'the end of the late call',
    async () => {
      const found = await call(nodeAt(0).relay.url, {
        path: `/api/v1/calls/${answer.headers['x-request-id']}/explain`,
        key: adminKey,
      })
      const is = found.status === 200 ? found.at('books.state') : undefined
      return is === 'open' || is === undefined ? undefined : String(is)
    },
    withinMs,
  )
  const left = await quietOf(0, account)
  check(
    'what it reports later is a loss, not a charge',
    answer.status === 200 && state === 'lost' && left === before,
    `call ${state}, ${before - left} charged`,
  )
  await until('node2 ready', () => isReady(node))
  await until('node2 serving', async () => (await ask(node, account.key)) === '200')
  notes.set(phase, 'it serves again when it is back')
}

await underLoad()
await toTheFloor()
await forgotten()
const verdict = await admin(benchAt(0), '/ledger/verify')
check('books proven, every call ended', verdict['ok'] === true && verdict['open_holds'] === 0, JSON.stringify(verdict))

const rows = [...Map.groupBy(told, (one) => one.phase)].flatMap(([during, all]) =>
  nodes.map(({ host: { name } }, place) => {
    const own = all.filter(({ node }) => node === name)
    const ends = [...Map.groupBy(own, ({ answer }) => answer)]
      .sort()
      .map(([answer, { length }]) => `${length} × ${answer}`)
    const longestMs = Math.round(Math.max(0, ...own.map(({ ms }) => ms)))
    return [
      place === 0 ? during : '',
      name,
      ends.join(', '),
      `${longestMs} ms`,
      place === 0 ? (notes.get(during) ?? '') : '',
    ]
  }),
)
const print = (lines: readonly (readonly string[])[]): void => {
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd()
  const widths = (lines[0] ?? []).map((_cell, column) => Math.max(...lines.map((line) => (line[column] ?? '').length)))
  // biome-ignore lint/suspicious/noConsole: the table is what this program is for.
  console.log(lines.map(line).join('\n'))
}
print([['PHASE', 'NODE', 'CALLS ENDED', 'LONGEST', 'NOTE'], ...rows])
print([['', 'HELD', 'SEEN'], ...checks.map(({ what, isSo, seen }) => [isSo ? 'ok' : 'NOT OK', what, seen])])
process.exitCode = checks.every(({ isSo }) => isSo) ? 0 : 1
