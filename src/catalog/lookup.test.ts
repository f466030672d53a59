import assert from 'node:assert/strict'
import { test } from 'node:test'
import { catalogOf } from './load.ts'
import type { Asked } from './lookup.ts'
import { liveNames, namedAt, nearestIds, resolutions, resolve } from './lookup.ts'

const source = { page: { url: 'https://acme.example', read: '2026-11-22' } }
const end = { lifecycle_source: 'page', source: 'page' }

const acme = {
  vendor: 'acme',
  name: 'Acme',
  also: ['acme-inc'],
  docs: 'https://acme.example',
  sources: source,
  models: [
    { id: 'anvil-4', aliases: ['anvil'], other_ids: ['anvil-4-0101'], source: 'page' },
    { id: 'anvil-3', retires: '2026-12-01', successor: 'anvil-4', redirects: true, ...end },
    { id: 'anvil-2', retires: '2026-06-01', successor: 'anvil-3', ...end },
    { id: 'anvil-1', retires: '2026-01-01', successor: 'anvil-2', redirects: true, ...end },
    { id: 'hammer', retires: '2026-01-01', redirects: false, ...end },
  ],
}
const barn = {
  vendor: 'barn',
  name: 'Barn',
  host: true,
  docs: 'https://barn.example',
  sources: source,
  models: [
    { id: 'anvil-4', source: 'page' },
    { id: 'anvil-2', source: 'page' },
    { id: 'plough', source: 'page' },
  ],
}
const catalog = catalogOf([acme, barn].map((file) => ({ name: `${file.vendor}.json`, text: JSON.stringify(file) })))

const now = Date.parse('2026-11-22T00:00:00Z')
const later = Date.parse('2026-12-01T00:00:00Z')
const asked = (name: string, change: Partial<Asked> = {}): Asked => ({ name, atMs: now, vendors: null, ...change })

test('an alias is sent as the id, another id of the vendor as it was written', () => {
  const found = (name: string) => {
    const answer = resolve(catalog, asked(name))
    return answer.kind === 'found' ? [answer.model.id, answer.sendAs, answer.redirect] : answer.kind
  }
  assert.deepEqual(found('anvil'), ['anvil-4', 'anvil-4', null])
  assert.deepEqual(found('anvil-4-0101'), ['anvil-4', 'anvil-4-0101', null])
  assert.equal(found('screw'), 'unknown')
  assert.equal(found('__proto__'), 'unknown')
})

test('a retired name answers with the day and a successor that lives', () => {
  assert.deepEqual(resolve(catalog, asked('anvil-2')), {
    kind: 'retired',
    retirement: { vendor: 'acme', name: 'anvil-2', retiredOn: '2026-06-01', successor: 'anvil-3' },
  })
  const next = resolve(catalog, asked('anvil-2', { atMs: later }))
  assert.equal(next.kind === 'retired' ? next.retirement.successor : null, 'anvil-4')
  const none = resolve(catalog, asked('hammer'))
  assert.equal(none.kind === 'retired' ? none.retirement.successor : 'x', null)
})

test('a model lives until the first instant of the day it retires', () => {
  const before = resolve(catalog, asked('anvil-3', { atMs: later - 1 }))
  assert.ok(before.kind === 'found' && before.redirect === null && before.sendAs === 'anvil-3')
  const after = resolve(catalog, asked('anvil-3', { atMs: later }))
  assert.ok(after.kind === 'found')
  assert.deepEqual([after.sendAs, after.redirect?.retiredOn], ['anvil-4', '2026-12-01'])
})

test('a line of successors is followed for eight names, and not without end', () => {
  const line = Array.from({ length: 9 }, (_none, at) => ({
    id: `link-${at}`,
    ...(at < 8 && { retires: '2026-01-01', successor: `link-${at + 1}` }),
    ...end,
  }))
  const chain = catalogOf([{ name: 'acme.json', text: JSON.stringify({ ...acme, models: line }) }])
  const successorOf = (name: string) => {
    const answer = resolve(chain, asked(name))
    return answer.kind === 'retired' ? answer.retirement.successor : answer.kind
  }
  assert.deepEqual([successorOf('link-1'), successorOf('link-0'), successorOf('link-8')], ['link-8', null, 'found'])
})

test('a redirected name goes past successors that are gone too', () => {
  const answer = resolve(catalog, asked('anvil-1'))
  assert.ok(answer.kind === 'found')
  assert.deepEqual(answer.redirect, { vendor: 'acme', name: 'anvil-1', retiredOn: '2026-01-01', successor: 'anvil-3' })
})

test('the maker answers for a bare name; a host only where it is asked for or alone', () => {
  const vendorsOf = (change: Asked) =>
    resolutions(catalog, change).map((one) => (one.kind === 'found' ? one.model.vendor : one.kind))
  assert.deepEqual(vendorsOf(asked('anvil-4')), ['acme'])
  assert.deepEqual(vendorsOf(asked('plough')), ['barn'])
  assert.deepEqual(vendorsOf(asked('anvil-4', { vendors: ['barn', 'acme-inc'] })), ['acme', 'barn'])
  assert.deepEqual(vendorsOf(asked('anvil-2')), ['retired'])
  assert.deepEqual(vendorsOf(asked('anvil-2', { vendors: ['acme', 'barn'] })), ['barn', 'retired'])
  assert.deepEqual(vendorsOf(asked('anvil-4', { vendors: [] })), [])
})

test('a vendor may be named by its other names', () => {
  assert.equal(namedAt(catalog, 'acme-inc', 'anvil')?.model.id, 'anvil-4')
  assert.equal(namedAt(catalog, 'nobody', 'anvil'), null)
})

test('the names that live leave out what is retired, and keep what is redirected', () => {
  assert.deepEqual(liveNames(catalog, 'acme', now), ['anvil-4', 'anvil-4-0101', 'anvil', 'anvil-3', 'anvil-1'])
  assert.deepEqual(liveNames(catalog, 'nobody', now), [])
})

test('a mistyped name finds near ones that live, operator’s names and provider/model among them', () => {
  const near = (name: string, also: readonly string[] = []) =>
    nearestIds(catalog, { ...asked(name), also, countMax: 2 })
  assert.equal(near('anvli')[0], 'anvil')
  assert.equal(near('anvil-2x').includes('anvil-2'), false)
  assert.equal(near('acmee/anvil', ['acme/anvil', 'zzz'])[0], 'acme/anvil')
  assert.deepEqual(near('x'.repeat(10_000)), [])
  const long = 'y'.repeat(64)
  assert.equal(near(`${long}zz`, [`${long}z`, long])[0], long, 'of a long name the first 64 characters are looked at')
})

test('a model that is gone without a living successor is retired, and says since when; a vendor nobody knows has nothing', () => {
  const gone = { vendor: 'acme', name: 'hammer', retiredOn: '2026-01-01', successor: null }
  assert.deepEqual(resolve(catalog, asked('hammer')), { kind: 'retired', retirement: gone })
  assert.deepEqual(resolve(catalog, asked('anvil-4', { vendors: ['nobody'] })), { kind: 'unknown' })
  assert.deepEqual(resolutions(catalog, asked('anvil-4', { vendors: ['nobody', 'acme-inc'] })).length, 1)
})
