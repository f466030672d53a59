import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, test } from 'node:test'
import { quantileMs } from '#base/histogram.ts'
import { runLoad } from './bench/load.ts'
import { testShell } from './test-shell.ts'

const seen: string[] = []
const server = createServer((request, response) => {
  request.resume()
  request.once('end', () => {
    seen.push(request.headers.authorization ?? '')
    const status = request.headers.authorization === 'Bearer refused' ? 429 : 200
    response.writeHead(status, { 'x-drover-provider': 'sandbox', 'x-drover-overhead-ms': '0.50' }).end('{}')
  })
})
await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
after(() => server.close())
const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`

const countOf = (times: ReadonlyMap<number, number>): number => [...times.values()].reduce((sum, one) => sum + one, 0)

test('a load ends with its time, and counts what was answered and what was not', async () => {
  let nowMs = 0
  const order = { url, model: 'kimi-k2', stream: false, callers: 3, forMs: 50, signal: new AbortController().signal }
  // Each look at the clock is a millisecond: the number of calls does not hang on the machine.
  const tick = (): number => (nowMs += 1)
  const good = await runLoad({ ...order, key: 'k', nowMs: tick })
  assert.ok(good.calls > 3)
  assert.deepEqual([good.provider, good.failures.size, countOf(good.roundTrips)], ['sandbox', 0, good.calls])
  assert.equal(countOf(good.added), good.calls)
  assert.ok(Math.abs((quantileMs(good.added, 0.5) ?? 0) - 0.5) < 0.02)
  const bad = await runLoad({ ...order, key: 'refused', nowMs: tick })
  assert.equal(bad.calls, 0)
  assert.ok((bad.failures.get('429') ?? 0) > 3)
  const gone = await runLoad({ ...order, url: 'http://127.0.0.1:1', key: 'k', nowMs: tick })
  assert.ok((gone.failures.get('ECONNREFUSED') ?? 0) > 0)
})

test('where no server runs the command says so, and what it does not take is refused', async () => {
  const shell = testShell()
  try {
    const none = await shell.run('bench --duration 1s')
    assert.deepEqual([none.code, /No server runs/.test(none.talk)], [1, true])
    for (const words of ['--duration 10', '--duration 1h', '--concurrency 0', '--concurrency 1000', '--concurrency x'])
      assert.equal((await shell.run(`bench ${words}`)).code, 2, words)
  } finally {
    shell.close()
  }
})
