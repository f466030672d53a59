import assert from 'node:assert/strict'
import { test } from 'node:test'
import { handClock } from '#base/hand-clock.ts'
import { makeMemoryNodes } from './nodes.ts'

const jobs = { name: 'jobs', lengthMs: 6000 }
const beatOf = (node: string, boot = 'a') => ({ node, boot, url: null, version: '1', digest: null })

test('a node is listed from its first beat, with the start of its process', async () => {
  const clock = handClock(1000)
  const nodes = makeMemoryNodes(clock)
  await nodes.beat(beatOf('m-1'))
  clock.advance(500)
  await nodes.beat(beatOf('m-1'))
  await nodes.beat(beatOf('m-2'))
  clock.advance(100)
  const seen = async () => (await nodes.nodes()).map(({ node, startedMs, agoMs }) => [node, startedMs, agoMs])
  assert.deepEqual(await seen(), [
    ['m-1', 1000, 100],
    ['m-2', 1500, 100],
  ])
  await nodes.beat(beatOf('m-1', 'b'))
  assert.deepEqual((await seen())[0], ['m-1', 1600, 0])
  await nodes.leave('m-1')
  assert.deepEqual([nodes.forget('m-2'), nodes.forget('m-2'), await seen()], [true, false, []])
})

test('a mandate is one node’s until its time is over or its process has gone, and each holder has a term', async () => {
  const clock = handClock(0)
  const nodes = makeMemoryNodes(clock)
  const take = (holder: string) => nodes.takeMandate({ ...jobs, holder })
  assert.deepEqual(await take('m-1.a'), { held: true, term: 1 })
  assert.deepEqual(await take('m-2.a'), { held: false, term: 0 })
  clock.advance(5000)
  assert.deepEqual(await take('m-1.a'), { held: true, term: 1 })
  clock.advance(5999)
  assert.equal((await take('m-2.a')).held, false)
  clock.advance(1)
  assert.deepEqual(await take('m-2.a'), { held: true, term: 2 })
  nodes.gone('m-2')
  assert.deepEqual(await take('m-1.b'), { held: true, term: 3 })
  await nodes.leave('m-1')
  assert.deepEqual(await take('m-2.b'), { held: true, term: 4 })
})

test('what is done under a mandate is refused after another has taken it, and keeps it from being taken meanwhile', async () => {
  const clock = handClock(0)
  const nodes = makeMemoryNodes(clock)
  await nodes.takeMandate({ ...jobs, holder: 'm-1.a' })
  const gate = Promise.withResolvers<void>()
  const working = nodes.under({ name: 'jobs', holder: 'm-1.a', term: 1 }, () => gate.promise)
  clock.advance(7000)
  assert.equal((await nodes.takeMandate({ ...jobs, holder: 'm-2.a' })).held, false)
  gate.resolve()
  await working
  assert.equal((await nodes.takeMandate({ ...jobs, holder: 'm-2.a' })).held, true)
  const late = nodes.under({ name: 'jobs', holder: 'm-1.a', term: 1 }, async () => assert.fail('it has passed on'))
  await assert.rejects(late, /has passed to another worker since term 1/)
})
