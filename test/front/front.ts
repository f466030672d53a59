/**
 * Holds the files of deploy/ for nginx, Caddy and HAProxy against the programs themselves, in front of two nodes on one Postgres:
 * `bin/drover-node test/front/front.ts [nginx caddy haproxy] [rounds=2]` (what is named must be installed). Streams arrive event by event,
 * a caller who leaves is told to the provider, headers, large bodies and WebSockets pass, and nodes restart one after the other under load.
 * Exit code 1 where anything does not hold.
 */

import { strict as assert } from 'node:assert'
import { setTimeout as wait } from 'node:timers/promises'
import { chat } from '../e2e/bench.ts'
import { call, openCall } from '../e2e/call.ts'
import { freePort } from '../e2e/free-port.ts'
import type { Relay } from '../e2e/harness.ts'
import { eventually, makeFolder, removeFolder, testKey, within } from '../e2e/harness.ts'
import { connectRealtime } from '../e2e/realtime-client.ts'
import { stallAfter, stream, whole } from '../fake/answer.ts'
import { makeTurnstile } from '../fake/gate.ts'
import { completion, completionEvents } from '../fake/openai.ts'
import { startFleet } from '../postgres/fleet.ts'
import { startPostgres } from '../postgres/server.ts'
import type { Balancer } from './balancers.ts'
import { balancers } from './balancers.ts'

const given = process.argv.slice(2)
const names = (Object.keys(balancers) as (keyof typeof balancers)[]).filter(
  (name) => given.every((one) => one.includes('=')) || given.includes(name),
)
const rounds = Number(given.find((one) => one.startsWith('rounds='))?.slice('rounds='.length) ?? 2)
const callersMax = 6
const largeBytes = 3 * 1024 * 1024
const withinMs = 30_000
const checkWithinMs = 400_000

await using server = await startPostgres()
await using fleet = await startFleet({
  url: await server.database(),
  size: 0,
  config: `server: { drain_delay: 4s, drain_timeout: 30s, trusted_proxies: ["127.0.0.0/8"], overload: { loop_delay: 1m } }\n`,
})
const ports = [await freePort(), await freePort()]
const flagsOf = (port: number | undefined) => ['--port', String(port)]
const nodes: Relay[] = await Promise.all(ports.map((port) => fleet.add({ flags: flagsOf(port) })))
const [first] = nodes
assert.ok(first !== undefined)
const { key } = await first.createKey({ name: 'caller' })
const ask = (more: object = {}) => ({ key, body: chat('hi', { model: 'fake/any', ...more }) })
for (const node of nodes) {
  fleet.upstream.answer(whole(completion()))
  await eventually('the key', async () => ((await call(node.url, ask())).status === 200 ? true : undefined), withinMs)
}

const checks: boolean[] = []
const check = async (at: string, what: string, seen: () => Promise<string>): Promise<void> => {
  const [isSo, text] = await within(seen(), checkWithinMs, () => 'it did not end').then(
    (said) => [true, said] as const,
    (fault: unknown) => [false, String(fault)] as const,
  )
  checks.push(isSo)
  // biome-ignore lint/suspicious/noConsole: the table is what this program is for.
  console.log([isSo ? 'ok    ' : 'NOT OK', at.padEnd(8), what.padEnd(44), text].join('  '))
}

/** The next event is sent only when the one before has arrived. */
const oneByOne = async ({ url }: Balancer): Promise<string> => {
  const events = completionEvents(['one ', 'two ', 'three ', 'four '])
  const turnstile = makeTurnstile()
  fleet.upstream.answerOnce(stream(events, { before: () => turnstile.pass() }))
  turnstile.admit(2)
  const answer = await openCall(url, ask({ stream: true }))
  assert.equal(answer.status, 200)
  for (const word of ['one ', 'two ', 'three ', 'four ']) {
    await answer.until(word)
    turnstile.admit()
  }
  turnstile.admit(events.length)
  await answer.rest()
  return `${events.length} events, each before the next was sent`
}

const leaving = async ({ url }: Balancer): Promise<string> => {
  fleet.upstream.forget()
  fleet.upstream.answerOnce(stallAfter(completionEvents(['one ']).slice(0, 2)))
  const answer = await openCall(url, ask({ stream: true }))
  await answer.until('one ')
  const seen = await fleet.upstream.arrival(0)
  const leftMs = performance.now()
  answer.leave()
  await eventually('the provider is told', () => (seen.hasLeft() ? true : undefined), withinMs)
  return `the provider was told ${Math.round(performance.now() - leftMs)} ms later`
}

const passing = async ({ url }: Balancer): Promise<string> => {
  fleet.upstream.forget()
  const headers = { 'x-drover-tags': 'team=front', 'idempotency-key': `front-${url}` }
  const answer = await call(url, { ...ask({ user: 'x'.repeat(largeBytes) }), headers })
  assert.equal(answer.status, 200, answer.text)
  for (const name of ['x-request-id', 'x-drover-provider', 'x-drover-attempts', 'x-drover-overhead-ms'])
    assert.ok(answer.headers[name] !== undefined, name)
  const again = await call(url, { ...ask({ user: 'x'.repeat(largeBytes) }), headers })
  assert.equal(again.status, 200, again.text)
  assert.equal(fleet.upstream.seen.length, 1, 'the same call under the same key is made once')
  return `${largeBytes >> 20} MiB there, headers there and back`
}

const speaking = async ({ url }: Balancer): Promise<string> => {
  const client = await connectRealtime(url, { key: testKey, path: '/v1/realtime?model=gpt-realtime' })
  await client.hear('session.created')
  client.leave()
  return 'session.created'
}

const lookEveryMs = 250
/** As long as the balancers wait for what a node says of itself. */
const lookWithinMs = 2000

/** Looks at what the nodes say of themselves, as a balancer does, and counts why one was not ready; a node that ends is expected to say so. */
const watchNodes = () => {
  const counts = new Map<string, number>()
  let ending = false
  const why = async (url: string): Promise<readonly string[]> => {
    const askedMs = performance.now()
    const said = await call(url, { path: '/health/readiness' }).catch(() => null)
    if (said === null) return ['no connection']
    const failed = (said.at('checks') as readonly { readonly name: string; readonly ok: boolean }[]).filter(
      ({ ok }) => !ok,
    )
    return [
      ...failed.map(({ name }) => name),
      ...(performance.now() - askedMs > lookWithinMs ? [`an answer after more than ${lookWithinMs / 1000} s`] : []),
    ]
  }
  const look = async (place: number): Promise<void> => {
    while (!ending) {
      for (const one of ['looks', ...(await why(nodes[place]?.url ?? ''))]) counts.set(one, (counts.get(one) ?? 0) + 1)
      await wait(lookEveryMs)
    }
  }
  const looking = nodes.map((_node, place) => look(place))
  return {
    end: async (): Promise<string> => {
      ending = true
      await Promise.all(looking)
      return [...counts].map(([what, times]) => `${times} × ${what}`).join(', ')
    },
  }
}

const restarting = async ({ url, takeOut, takeBack }: Balancer): Promise<string> => {
  const told = new Map<string, number>()
  const watching = watchNodes()
  let ending = false
  fleet.upstream.answer((exchange) =>
    String(exchange.seen.body).includes('"stream":true')
      ? stream(completionEvents(['one ', 'two ']))(exchange)
      : whole(completion())(exchange),
  )
  const caller = async (place: number): Promise<void> => {
    for (let turn = place; !ending; turn += 1) {
      const isStream = turn % 2 === 0
      const said = await call(url, ask(isStream ? { stream: true } : {})).then(
        ({ status, text, headers }) => {
          const by = headers['x-request-id'] === undefined ? 'the balancer' : 'a node'
          if (status !== 200) return `${status} by ${by} ${text.slice(0, 200)}`
          return isStream && !text.includes('[DONE]') ? 'cut' : '200'
        },
        () => 'no answer',
      )
      told.set(said, (told.get(said) ?? 0) + 1)
    }
  }
  const callers = Array.from({ length: callersMax }, (_none, place) => caller(place))
  await wait(1000)
  for (let restart = 0; restart < rounds * nodes.length; restart += 1) {
    const place = restart % nodes.length
    const node = nodes[place]
    assert.ok(node !== undefined)
    const address = `127.0.0.1:${ports[place]}`
    await takeOut(address)
    await node.stop()
    const next = await fleet.add({ folder: node.folder, flags: flagsOf(ports[place]) })
    nodes[place] = next
    await eventually(
      'a node that is ready',
      async () => ((await call(next.url, { path: '/health/readiness' })).status === 200 ? true : undefined),
      withinMs,
    )
    await takeBack(address)
    // The balancer has looked at it, too, before the other one ends.
    await wait(3000)
  }
  ending = true
  await Promise.all(callers)
  const answers = [...told].map(([what, times]) => `${times} × ${what}`).join(', ')
  const said = `${answers}; of the nodes: ${await watching.end()}`
  assert.deepEqual([...told.keys()], ['200'], said)
  return `${rounds * nodes.length} restarts: ${said}`
}

for (const name of names) {
  const folder = await makeFolder()
  try {
    await using balancer = await balancers[name]({ nodes: ports.map((port) => `127.0.0.1:${port}`), folder })
    fleet.upstream.answer(whole(completion()))
    await check(balancer.name, 'events of a stream arrive one by one', () => oneByOne(balancer))
    await check(balancer.name, 'a caller who leaves is told to the provider', () => leaving(balancer))
    await check(balancer.name, 'headers and large bodies pass', () => passing(balancer))
    await check(balancer.name, 'WebSockets pass', () => speaking(balancer))
    await check(balancer.name, 'nodes restart without a failed call', () => restarting(balancer))
  } finally {
    await removeFolder(folder)
  }
}
process.exitCode = checks.length > 0 && checks.every(Boolean) ? 0 : 1
