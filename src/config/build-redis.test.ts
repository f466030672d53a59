import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { RedisConfig } from './config.ts'
import { faultsText } from './fault.ts'
import { readConfig } from './load.ts'

const environment = {
  URL: 'postgres://drover@db/x',
  SECRET: 'k'.repeat(40),
  REDIS: 'rediss://drover:p%40ss%2Fword@redis.internal:6380/2',
  SENTINELS: 'redis+sentinel://:hidden@s1,s2:26380/mymaster',
  PASSWORD: 'hidden',
}
const read = async (redis: string) => {
  const text = `store: { url: "env:URL" }\nsecrets: { key: "env:SECRET" }\ncluster: { redis: ${redis} }\n`
  return readConfig({ text, file: 'drover.yaml' }, { workingFolder: '/', environment, vendors: [] })
}
const redisOf = async (redis: string): Promise<RedisConfig | null> => {
  const loaded = await read(redis)
  assert.ok(loaded.ok, loaded.ok ? '' : faultsText(loaded.faults))
  assert.ok(!JSON.stringify(loaded.config).includes('hidden'))
  return loaded.config.cluster.redis
}
const faultOf = async (redis: string): Promise<string> => {
  const loaded = await read(redis)
  const text = loaded.ok ? '' : faultsText(loaded.faults)
  assert.ok(!text.includes('hidden'), 'a secret is in a message')
  return text
}

test('one server is named by its URL alone', async () => {
  assert.deepEqual(await redisOf('"redis://10.0.0.5"'), {
    mode: 'single',
    places: [{ host: '10.0.0.5', port: 6379 }],
    master: '',
    database: 0,
    username: null,
    password: null,
    tls: null,
    prefix: 'drover',
    waitMaxMs: 100,
  })
  assert.deepEqual((await redisOf('"redis://[::1]:7000/3"'))?.places, [{ host: '::1', port: 7000 }])
})

test('user, password and encryption come with a URL from the environment, or beside it', async () => {
  const found = await redisOf('"env:REDIS"')
  assert.deepEqual(
    [found?.username, found?.password?.reveal(), found?.database, found?.tls],
    ['drover', 'p@ss/word', 2, { ca: null }],
  )
  const beside = await redisOf(
    '{ url: "redis://r", username: u, password: "env:PASSWORD", prefix: two, wait_max: 50ms }',
  )
  assert.deepEqual(
    [beside?.username, beside?.password?.reveal(), beside?.prefix, beside?.waitMaxMs],
    ['u', 'hidden', 'two', 50],
  )
})

test('a cluster is a list, or one URL with several places; sentinels name their master', async () => {
  const places = [
    { host: 'a', port: 7000 },
    { host: 'b', port: 6379 },
  ]
  for (const text of [
    '["redis://a:7000", "redis://b"]',
    '"redis+cluster://a:7000,b"',
    '{ url: ["redis://a:7000", "redis://b"] }',
  ]) {
    const found = await redisOf(text)
    assert.deepEqual([found?.mode, found?.places], ['cluster', places])
  }
  const sentinels = await redisOf('"env:SENTINELS"')
  assert.deepEqual(
    [sentinels?.mode, sentinels?.master, sentinels?.places.map(({ port }) => port), sentinels?.password?.reveal()],
    ['sentinel', 'mymaster', [26_379, 26_380], 'hidden'],
  )
})

test('what cannot be a Redis is refused, with what to write', async () => {
  const wrong: Readonly<Record<string, RegExp>> = {
    '"redis://u:hidden@r"': /holds a literal secret.*password: env:NAME/s,
    '"http://r"': /must be redis:\/\/HOST:PORT/,
    '"env:URL"': /must lead to redis:\/\/HOST:PORT/,
    '"redis://a,b"': /write redis\+cluster:\/\/ for a cluster/,
    '"redis+sentinel://a"': /names no master/,
    '"redis+cluster://a/1"': /names a database/,
    '"redis://a:99999"': /names a place that is not HOST:PORT/,
    '["redis://a", "rediss://b"]': /with and without encryption/,
    '["redis+sentinel://a/m", "redis+sentinel://b/m"]': /lists sentinels/,
    '{ url: "redis://a", ca_file: "/none.pem" }': /cannot be read/,
    '{ url: "redis://a", wait_max: 1m }': /wait_max: must be at least 5ms and at most 2s/,
    '{ url: "redis://a", pasword: "env:PASSWORD" }': /pasword/,
    '[]': /must name a server/,
  }
  for (const [text, expected] of Object.entries(wrong)) assert.match(await faultOf(text), expected, text)
})
