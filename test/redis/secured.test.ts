import { strict as assert } from 'node:assert'
import { readFileSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { test } from 'node:test'
import { silentLog } from '#base/log.ts'
import { testCertificate } from '#http/test-certificate.ts'
import { openRedis } from '#store/redis/connection.ts'
import { makeRedisCounter } from '#store/redis/counter.ts'
import { freePort } from '../e2e/free-port.ts'
import { eventually, makeFolder, removeFolder, runDrover } from '../e2e/harness.ts'
import { addressOf, concurrency, connect, openNode, rate } from './node.ts'
import { startRedis } from './server.ts'

/** As docs/operate/nodes.md has it. */
const rights =
  '~drover:* +eval +evalsha +ping +info +time +get +set +zadd +zrem +zcard +zremrangebyscore +pexpire +client|setname'.split(
    ' ',
  )

/** A server that wants encryption and a user who may do no more than counting takes. */
const secured = async (context: TestContext) => {
  const folder = await mkdtemp(join(tmpdir(), 'drover-redis-tls-'))
  context.after(() => rm(folder, { recursive: true, force: true }))
  const [key, certificate] = [join(folder, 'key.pem'), join(folder, 'certificate.pem')]
  const made = testCertificate('localhost')
  await writeFile(key, made.key)
  await writeFile(certificate, made.cert)
  const tlsPort = await freePort()
  const files = ['--tls-cert-file', certificate, '--tls-key-file', key, '--tls-ca-cert-file', certificate]
  const server = await startRedis({ flags: ['--tls-port', String(tlsPort), ...files, '--tls-auth-clients', 'no'] })
  context.after(() => server[Symbol.asyncDispose]())
  await server.command('ACL', 'SETUSER', 'drover', 'on', '>hidden', ...rights)
  const ca = readFileSync(certificate, 'utf8')
  const address = addressOf([server], {
    places: [{ host: 'localhost', port: tlsPort }],
    tls: { ca },
    username: 'drover',
    password: 'hidden',
  })
  return { server, certificate, tlsPort, address }
}

const whyNot = async (address: Parameters<typeof openRedis>[0], expected: RegExp): Promise<void> => {
  const connection = openRedis(address, silentLog)
  const counter = makeRedisCounter({ runner: connection, prefix: 'drover' })
  let last = ''
  try {
    await eventually(
      String(expected),
      () =>
        counter.ask().then(
          () => undefined,
          (thrown: unknown) => {
            last = String(thrown)
            return expected.test(last) ? true : undefined
          },
        ),
      10_000,
    ).catch((late: unknown) => assert.fail(`${String(late)}; the last was: ${last}`))
    assert.ok(!last.includes('hidden'))
  } finally {
    connection.close()
  }
}

test('a user who may only count counts over an encrypted line that is checked; others are told why not', async (context) => {
  const { address, server } = await secured(context)
  const connection = await connect(address)
  const node = await openNode(connection, { nodes: 1_000_000, prefix: 'drover' })
  context.after(async () => {
    await node.close()
    connection.close()
  })
  const tickets = [rate(2), concurrency(5)]
  assert.ok((await node.take(tickets)).ok)
  assert.ok((await node.take(tickets)).ok)
  assert.ok(!(await node.take(tickets)).ok)
  await node.giveBack([{ ticket: concurrency(5), used: null }])
  assert.match(await connection.inform('drover:ask'), /maxmemory_policy/)
  await whyNot({ ...address, password: 'wrong' }, /WRONGPASS/)
  await whyNot({ ...address, tls: { ca: null } }, /self-signed|certificate/i)
  await server.command('ACL', 'SETUSER', 'drover', '-set')
  await server.command('ACL', 'SETUSER', 'drover', '-evalsha')
  await whyNot(address, /NOPERM/)
})

test('doctor asks the Redis of the configuration, with its certificate and its user', async (context) => {
  const { certificate, tlsPort, server } = await secured(context)
  const folder = await makeFolder()
  context.after(() => removeFolder(folder))
  await writeFile(
    join(folder, 'drover.yaml'),
    `store: { url: "env:STORE_URL" }
secrets: { key: "env:SECRET_KEY" }
cluster: { redis: { url: "rediss://localhost:${tlsPort}", username: drover, password: "env:REDIS_PASSWORD", ca_file: "${certificate}" } }
`,
  )
  const env = { STORE_URL: 'postgres://drover@127.0.0.1/x', SECRET_KEY: 'k'.repeat(40), REDIS_PASSWORD: 'hidden' }
  const finding = async () => {
    const { stdout } = await runDrover(['doctor', '--json'], { cwd: folder, env: env })
    const { checks } = JSON.parse(stdout) as { checks: { id: string; verdict: string; detail: string }[] }
    return checks.find(({ id }) => id === 'redis')
  }
  const found = await finding()
  assert.equal(found?.verdict, 'ok', String(found?.detail))
  assert.match(found?.detail ?? '', /^(Redis|Valkey) \d+\.\d+\.\d+ at localhost:\d+ counts, in \d+\.\d ms$/)
  await server.kill()
  const away = await finding()
  assert.equal(away?.verdict, 'fail')
  assert.match(away?.detail ?? '', /ECONNREFUSED/)
})
