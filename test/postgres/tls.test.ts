/** An encrypted line to Postgres: what is checked, what is refused, and by what words. */

import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { systemClock } from '#base/clock.ts'
import { systemIds } from '#base/id.ts'
import { silentLog } from '#base/log.ts'
import type { GivenTls } from '#store/postgres/address.ts'
import { openPostgresStore } from '#store/postgres/client.ts'
import { call } from '../e2e/call.ts'
import { configFor, fakeKey, startRelay, testKey } from '../e2e/harness.ts'
import { startUpstream } from '../fake/upstream.ts'
import type { Authority, Certificate } from './authority.ts'
import { makeAuthority } from './authority.ts'
import type { PostgresServer } from './server.ts'
import { startPostgres } from './server.ts'

const clock = systemClock()
const noTls: GivenTls = { authority: null, certificate: null, key: null }

describe('a Postgres that encrypts', () => {
  let server: PostgresServer
  let [authority, stranger] = [] as unknown as [Authority, Authority]
  let [own, strange] = [] as unknown as [Certificate, Certificate]
  let folder: string
  const opened = new AsyncDisposableStack()

  before(async () => {
    ;[authority, stranger] = [opened.use(await makeAuthority()), opened.use(await makeAuthority())]
    const of = await authority.sign('the server', 'DNS:localhost')
    ;[own, strange] = [await authority.sign('sealed'), await stranger.sign('sealed')]
    server = opened.use(
      await startPostgres({
        settings: ['ssl=on', 'ssl_cert_file=server.pem', 'ssl_key_file=server.key', 'ssl_ca_file=ca.pem'],
        files: { 'server.pem': of.certificate, 'server.key': of.key, 'ca.pem': authority.certificate },
        access: [
          'hostssl all app 127.0.0.1/32 trust',
          'hostssl all sealed 127.0.0.1/32 cert',
          'host all app,sealed 127.0.0.1/32 reject',
        ],
      }),
    )
    await server.query('create role app login superuser; create role sealed login superuser')
    await server.query('create database encrypted')
    folder = await mkdtemp(join(tmpdir(), 'drover-tls-'))
    opened.defer(() => rm(folder, { recursive: true, force: true }))
    const files = {
      'ca.pem': authority.certificate,
      'strange.pem': stranger.certificate,
      'own.pem': own.certificate,
      'own.key': own.key,
    }
    for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text)
  })
  after(() => opened.disposeAsync())

  const urlOf = (user: string, host: string, query: string): string =>
    `postgres://${user}@${host}:${server.port}/encrypted${query}`
  /** Whether the line of the store is encrypted, as the server sees it. */
  const seen = async (url: string, tls: GivenTls = noTls): Promise<unknown> => {
    const store = await openPostgresStore({ url, tls, clock, ids: systemIds(clock), log: silentLog, connectionsMax: 1 })
    try {
      await store.accounts({ limit: 1, after: null })
      const [row] = await server.query(
        `select bool_and(s.ssl) as ssl, max(s.client_dn) as name from pg_stat_ssl s join pg_stat_activity a using (pid)
          where a.application_name = 'drover'`,
      )
      return row
    } finally {
      await store.close()
    }
  }
  const refused = (url: string, why: RegExp, tls: GivenTls = noTls): Promise<void> =>
    assert.rejects(seen(url, tls), { code: 'store_unavailable', message: why })

  test('is reached encrypted, checked by the URL or by store.tls, with a certificate of its own where one is asked for', async () => {
    const ca = join(folder, 'ca.pem')
    const plain = { ssl: true, name: null }
    assert.deepEqual(await seen(urlOf('app', '127.0.0.1', '?sslmode=require')), plain)
    assert.deepEqual(await seen(urlOf('app', '127.0.0.1', `?sslmode=verify-ca&sslrootcert=${ca}`)), plain)
    assert.deepEqual(await seen(urlOf('app', 'localhost', `?sslmode=verify-full&sslrootcert=${ca}`)), plain)
    assert.deepEqual(await seen(urlOf('app', 'localhost', ''), { ...noTls, authority: authority.certificate }), plain)
    const sealed = { ssl: true, name: '/CN=sealed' }
    const files = `&sslcert=${join(folder, 'own.pem')}&sslkey=${join(folder, 'own.key')}`
    assert.deepEqual(await seen(urlOf('sealed', 'localhost', `?sslmode=verify-full&sslrootcert=${ca}${files}`)), sealed)
    assert.deepEqual(await seen(urlOf('sealed', 'localhost', ''), { authority: authority.certificate, ...own }), sealed)
  })

  test('is refused where what it shows is not what was asked for, and says why and what to do', async () => {
    const ca = join(folder, 'ca.pem')
    const strangers = join(folder, 'strange.pem')
    const unknown = /signed by none of the authorities that are trusted here: name the right one in sslrootcert/
    await refused(urlOf('app', 'localhost', `?sslmode=verify-full&sslrootcert=${strangers}`), unknown)
    await refused(urlOf('app', 'localhost', '?sslmode=verify-full'), unknown)
    await refused(urlOf('app', 'localhost', `?sslmode=require&sslrootcert=${strangers}`), unknown)
    await refused(urlOf('app', 'localhost', ''), unknown, { ...noTls, authority: stranger.certificate })
    await refused(
      urlOf('app', '127.0.0.1', `?sslmode=verify-full&sslrootcert=${ca}`),
      /certificate is for another name than the host in the URL/,
    )
    await refused(urlOf('app', '127.0.0.1', '?sslmode=disable'), /asks for encryption \(sslmode\) or a certificate/)
    await refused(urlOf('sealed', '127.0.0.1', '?sslmode=require'), /asks for encryption \(sslmode\) or a certificate/)
    await refused(urlOf('sealed', 'localhost', ''), /cannot be reached|asks for encryption/, {
      authority: authority.certificate,
      ...strange,
    })
    await assert.rejects(
      seen(urlOf('app', '127.0.0.1', '?sslmode=disable'), { ...noTls, authority: authority.certificate }),
      {
        code: 'invalid_request_error',
        message: /sslmode=disable, and store.tls has files/,
      },
    )
  })

  test('a node serves over it with store.tls', async () => {
    await using upstream = await startUpstream()
    await using relay = await startRelay({
      config: configFor(
        upstream,
        `store: { url: "env:STORE_URL", tls: { ca_file: "${join(folder, 'ca.pem')}", cert_file: "${join(folder, 'own.pem')}", key_file: "${join(folder, 'own.key')}" } }
secrets: { key: "env:SECRET_KEY" }
`,
      ),
      env: {
        FAKE_KEY: fakeKey,
        STORE_URL: urlOf('sealed', 'localhost', ''),
        SECRET_KEY: 'of-at-least-thirty-two-characters-x',
      },
      startWithinMs: 60_000,
    })
    const answer = await call(relay.url, {
      key: testKey,
      body: { model: 'kimi-k2', messages: [{ role: 'user', content: 'hi' }] },
    })
    assert.equal(answer.status, 200, answer.text)
    const [row] = await server.query(
      "select count(*)::int as count, bool_and(s.ssl) as ssl from pg_stat_ssl s join pg_stat_activity a using (pid) where a.application_name = 'drover'",
    )
    assert.ok(Number(row?.['count']) > 0 && row?.['ssl'] === true)
  })
})

test('a Postgres that does not encrypt is refused where encryption is asked for', async () => {
  await using server = await startPostgres()
  const opening = openPostgresStore({
    url: `${server.url()}?sslmode=require`,
    clock,
    ids: systemIds(clock),
    log: silentLog,
  })
  await assert.rejects(opening, { code: 'store_unavailable', message: /does not encrypt, and sslmode asks for it/ })
})
