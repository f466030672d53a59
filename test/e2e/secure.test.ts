import { strict as assert } from 'node:assert'
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { connect } from 'node:net'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { testCertificate } from '#http/test-certificate.ts'
import { whole } from '../fake/answer.ts'
import { completion } from '../fake/openai.ts'
import type { FakeUpstream } from '../fake/upstream.ts'
import { startUpstream } from '../fake/upstream.ts'
import { chat } from './bench.ts'
import { assertProblem, call } from './call.ts'
import type { Relay } from './harness.ts'
import { fakeKey, makeFolder, runDrover, startRelay } from './harness.ts'

type Proxy = { readonly port: number; readonly tunnels: string[]; readonly close: () => void }

/** A proxy that tunnels to one port of this machine, whatever name it is asked for. */
async function startProxy(targetPort: number): Promise<Proxy> {
  const tunnels: string[] = []
  const sockets = new Set<Socket>()
  const server = createServer((_request, response) => response.writeHead(405).end())
  server.on('connect', (request, socket: Socket) => {
    tunnels.push(request.url ?? '')
    const onward = connect(targetPort, '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n')
      onward.pipe(socket).pipe(onward)
    })
    for (const one of [socket, onward]) {
      sockets.add(one)
      one.on('error', () => one.destroy())
    }
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    tunnels,
    close: () => {
      for (const socket of sockets) socket.destroy()
      server.close()
    },
  }
}

describe('providers behind TLS and proxies', () => {
  const certificate = testCertificate('localhost', 'models.example')
  let upstream: FakeUpstream
  let proxy: Proxy
  let relay: Relay
  let key: string
  before(async () => {
    upstream = await startUpstream(whole(completion()), { tls: { ...certificate, host: 'localhost' } })
    proxy = await startProxy(upstream.port)
    const folder = await makeFolder()
    writeFileSync(join(folder, 'ca.pem'), certificate.cert)
    const secure = `vendor: openai-compatible, api_key: "env:FAKE_KEY"`
    const config = `providers:
  trusted: { ${secure}, base_url: "${upstream.baseUrl}", allow_private: true, ca_file: "${join(folder, 'ca.pem')}" }
  unknown: { ${secure}, base_url: "${upstream.baseUrl}", allow_private: true }
  tunnelled: { ${secure}, base_url: "https://models.example/v1", ca_file: "${join(folder, 'ca.pem')}", proxy: "http://127.0.0.1:${proxy.port}" }
`
    relay = await startRelay({ folder, config, env: { FAKE_KEY: fakeKey } })
    key = (await relay.createKey()).key
  })
  after(async () => {
    proxy.close()
    await upstream.close()
    await relay[Symbol.asyncDispose]()
  })
  const ask = (model: string) => call(relay.url, { key, body: chat('hi', { model }) })

  test('ca_file adds an authority, for that provider only', async () => {
    assert.equal((await ask('trusted/m')).status, 200)
    const refused = await ask('unknown/m')
    assertProblem(refused, 502, 'upstream_error')
    assert.match(String(refused.at('error.message')), /secure connection|certificate|TLS/i)
  })

  test('proxy: the provider is reached by its name, through the tunnel', async () => {
    upstream.forget()
    const answer = await ask('tunnelled/m')
    assert.equal(answer.status, 200, answer.text)
    assert.deepEqual(proxy.tunnels, ['models.example:443'])
    assert.equal((await upstream.arrival(0)).headers.host, 'models.example')
  })
})

describe('commands beside a server with a certificate for its public name', () => {
  for (const flags of [[], ['--workers', '2']])
    test(`they know it by the lock of its data folder, and speak to no other (${flags.join(' ') || 'one process'})`, async () => {
      const folder = await makeFolder()
      const { cert, key } = testCertificate('relay.example')
      writeFileSync(join(folder, 'cert.pem'), cert)
      writeFileSync(join(folder, 'key.pem'), key)
      const tls = `{ cert: "file:${join(folder, 'cert.pem')}", key: "file:${join(folder, 'key.pem')}" }`
      await using relay = await startRelay({ folder, flags, config: `server: { tls: ${tls} }\n` })
      const run = (...parameters: readonly string[]) =>
        runDrover([...parameters, '--json', '--data', relay.data, '--config', relay.configFile], { cwd: folder })
      assert.match(relay.url, /^https:/)
      const made = await run('accounts', 'create', '--name', 'acme', '--billing', 'prepaid')
      assert.equal(made.code, 0, made.stderr)
      assert.match((await run('accounts', 'list')).stdout, /"acme"/)
      const { stdout } = await run('doctor', '--offline')
      const checks = (JSON.parse(stdout) as { checks: readonly { id: string; detail: string }[] }).checks
      const detailOf = (id: string) => checks.find((check) => check.id === id)?.detail
      assert.match(String(detailOf('lock')), /^runs at https:/)
      assert.notEqual(detailOf('readiness'), 'no server to ask')
      const measured = await run('bench', '--duration', '1s', '--concurrency', '2')
      assert.equal(measured.code, 0, measured.stderr)
      const { parts } = JSON.parse(measured.stdout) as { parts: readonly { calls: number; failures: object }[] }
      assert.ok(parts.every(({ calls, failures }) => calls > 0 && Object.keys(failures).length === 0))
      const file = join(relay.data, 'lock')
      const lock = JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>
      writeFileSync(file, JSON.stringify({ ...lock, certificate: 'AB:CD' }))
      const refused = await run('accounts', 'list')
      assert.equal(refused.code, 1)
      assert.equal(refused.stdout, '')
    })
})
