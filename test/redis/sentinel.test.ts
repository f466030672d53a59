import { strict as assert } from 'node:assert'
import { test } from 'node:test'
import { silentLog } from '#base/log.ts'
import type { JointLimits } from '#policy/joint/limits.ts'
import type { RedisConnection } from '#store/redis/connection.ts'
import { openRedis } from '#store/redis/connection.ts'
import { eventually } from '../e2e/harness.ts'
import { addressOf, concurrency, connect, openNode, rate } from './node.ts'
import { startRedisSentinels } from './server.ts'

const dayMs = 86_400_000
/** The vote and the replica's new part take seconds; the rest is for a busy machine. */
const takenOverWithinMs = 90_000
/** Longer than a busy machine takes to answer: who waits in vain counts by its share, of which others know later. */
const tripMaxMs = 5_000
/** So many trips in vain, and a node counts alone. */
const lateMax = 3

test('the server that sentinels name is counted on, and when it is killed, the replica that they name, which knows what was used', async (context) => {
  await using redis = await startRedisSentinels()
  const address = addressOf(redis.sentinels, { mode: 'sentinel', master: redis.name })
  const nodes: JointLimits[] = []
  const connections: RedisConnection[] = []
  await using opened = new AsyncDisposableStack()
  for (const owner of ['a', 'b']) {
    const connection = await connect(address)
    opened.defer(() => connection.close())
    const node = await openNode(connection, { nodes: 2, owner, tripMaxMs })
    opened.defer(() => node.close())
    nodes.push(node)
    connections.push(connection)
  }
  const limit = rate(90, { periodMs: dayMs })
  /** What a node had ahead when the server died counts as used until it says otherwise: some of the 90 may come later, and few twice. */
  const mostAdmitted = 96
  const takeAll = async (calls: number): Promise<number> => {
    const all = await Promise.all(
      Array.from({ length: calls }, (_none, place) => (nodes[place % 2] as JointLimits).take([limit])),
    )
    return all.filter(({ ok }) => ok).length
  }
  assert.equal(await takeAll(60), 60)
  const slots = concurrency(3)
  for (const node of nodes) assert.ok((await node.take([slots])).ok)
  assert.equal(await redis.master.command('WAIT', '2', '20000'), 2, 'both replicas have it')

  const breaksBefore = connections.map(({ breaks }) => breaks())
  // A replica that takes over within a trip's time goes unnoticed: none does until both nodes were seen alone.
  await redis.setQuorum(redis.sentinels.length + 1, redis.sentinels)
  await redis.master.kill()
  await eventually(
    'counting by shares',
    async () => {
      const probes = nodes.flatMap((node) => Array.from({ length: lateMax }, () => node))
      await Promise.all(probes.map((node) => node.take([rate(10, { bucket: 'probe' })])))
      return nodes.every((node) => node.trouble() !== null) ? true : undefined
    },
    takenOverWithinMs,
  )
  // A share is 1, and each node has a call under way.
  for (const node of nodes) assert.equal((await node.take([slots])).ok, false, 'a second call out of a share of one')

  // One calls for the vote: of two that do a moment apart each may have a replica of its own made the master, and what the first of these was told is lost.
  await redis.setQuorum(2, redis.sentinels.slice(0, 1))
  const votingMs = performance.now()
  await eventually(
    'counting together on a replica',
    () => (nodes.every((node) => node.trouble() === null) ? true : undefined),
    takenOverWithinMs,
  )
  context.diagnostic(
    `nodes count together again ${Math.round(performance.now() - votingMs)} ms after the sentinels may vote`,
  )
  for (const [place, { breaks }] of connections.entries())
    assert.ok(breaks() > (breaksBefore[place] ?? 0), 'a node does not know that another server answers')
  let admitted = 60 + (await takeAll(300))
  assert.ok(admitted >= 84 && admitted <= mostAdmitted, `${admitted} of 90`)
  // A trip that a busy machine made late is decided by the share, which is used up.
  const third = async (): Promise<true | undefined> => {
    const taken = await Promise.all(nodes.map((node) => node.take([slots])))
    const count = taken.filter(({ ok }) => ok).length
    assert.ok(count <= 1, 'two of three were under way')
    return count === 1 ? true : undefined
  }
  await eventually('the third slot', third, takenOverWithinMs)
  for (const node of nodes) assert.equal((await node.take([slots])).ok, false)

  // The old one comes back, and the sentinels make it follow: they end its connections when they do.
  await redis.master.start()
  const roleOfOld = (): Promise<string> =>
    redis.master.command('INFO', 'replication').then(String, (fault: unknown) => String(fault))
  await eventually(
    'the old server as a replica',
    async () => (/role:slave/.test(await roleOfOld()) ? true : undefined),
    takenOverWithinMs,
  )
  admitted += await takeAll(60)
  assert.ok(admitted <= mostAdmitted, `${admitted} of 90 when the old server follows`)
  await eventually('no trouble', () => (nodes.every((node) => node.trouble() === null) ? true : undefined))

  // Who begins while no sentinel is there counts alone, and with the others when one is.
  await Promise.all(redis.sentinels.map((one) => one.kill()))
  const connection = openRedis(address, silentLog)
  opened.defer(() => connection.close())
  const late = await openNode(connection, { nodes: 2, owner: 'c', tripMaxMs })
  opened.defer(() => late.close())
  assert.notEqual(late.trouble(), null)
  await Promise.all(redis.sentinels.map((one) => one.start()))
  await eventually('the third node among them', () => (late.trouble() === null ? true : undefined), takenOverWithinMs)
  if ((await late.take([limit])).ok) admitted += 1
  assert.ok(admitted <= mostAdmitted, `${admitted} of 90 with a third node`)
})
