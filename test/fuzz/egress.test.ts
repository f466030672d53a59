/** Addresses inside, in every spelling that a URL takes, and names that are at another address each time they are asked for. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Lookup } from '#http/egress.ts'
import { egressGuard, isPublicAddress } from '#http/egress.ts'
import { fuzzRuns, fuzzSeed } from './change.ts'

/** First address and prefix length, after the registries; told again here, so that the guard is not held against itself. */
const inside: readonly (readonly [number, number])[] = [
  [0x00000000, 8],
  [0x0a000000, 8],
  [0x64400000, 10],
  [0x7f000000, 8],
  [0xa9fe0000, 16],
  [0xac100000, 12],
  [0xc0000000, 24],
  [0xc0000200, 24],
  [0xc0a80000, 16],
  [0xc6120000, 15],
  [0xc6336400, 24],
  [0xcb007100, 24],
  [0xe0000000, 4],
  [0xf0000000, 4],
  [0xa83f8110, 32],
  [0xc0586300, 24],
]

const isInside = (address: number): boolean =>
  inside.some(([first, bits]) => Math.floor(address / 2 ** (32 - bits)) === Math.floor(first / 2 ** (32 - bits)))

const insideAddress = fc
  .tuple(fc.constantFrom(...inside), fc.nat(0xffffffff))
  .map(([[first, bits], rest]) => first + (rest % 2 ** (32 - bits)))

const bytesOf = (address: number): readonly number[] =>
  [24, 16, 8, 0].map((shift) => Math.floor(address / 2 ** shift) % 256)
const dotted = (address: number): string => bytesOf(address).join('.')
const pair = (address: number): string =>
  `${Math.floor(address / 65536).toString(16)}:${(address % 65536).toString(16)}`

/** How one address may be written as the host of a URL. */
const spellings: readonly ((address: number) => string)[] = [
  dotted,
  (address) => String(address),
  (address) => `0x${address.toString(16)}`,
  (address) => `0${address.toString(8)}`,
  (address) =>
    bytesOf(address)
      .map((byte) => `0${byte.toString(8)}`)
      .join('.'),
  (address) =>
    bytesOf(address)
      .map((byte) => `0x${byte.toString(16)}`)
      .join('.'),
  (address) => `${bytesOf(address)[0]}.${address % 2 ** 24}`,
  (address) => `${bytesOf(address).slice(0, 2).join('.')}.${address % 65536}`,
  (address) => `${dotted(address)}.`,
  (address) => dotted(address).replaceAll('.', '\u3002'),
  (address) =>
    [...dotted(address)]
      .map((sign) => (sign === '.' ? sign : String.fromCharCode(sign.charCodeAt(0) + 0xfee0)))
      .join(''),
  (address) => [...dotted(address)].map((sign) => `%${sign.charCodeAt(0).toString(16)}`).join(''),
  (address) => `[::ffff:${dotted(address)}]`,
  (address) => `[::ffff:${pair(address)}]`,
  (address) => `[0:0:0:0:0:FFFF:${pair(address)}]`,
]

/** IPv6 that carries an IPv4 address: refused as a whole, whatever it carries. */
const carriers: readonly ((address: number) => string)[] = [
  (address) => `[64:ff9b::${pair(address)}]`,
  (address) => `[64:ff9b::${dotted(address)}]`,
  (address) => `[64:ff9b:1::${pair(address)}]`,
  (address) => `[2002:${pair(address)}::1]`,
  (address) => `[::${pair(address)}]`,
  (address) => `[2001:0:${pair(address)}::1]`,
]

const guard = egressGuard({ allowPrivate: false, lookup: async () => [] })
const isRefused = (host: string): boolean => {
  let url: URL
  try {
    url = new URL(`https://${host}/v1`)
  } catch {
    // What is no URL is not dialled.
    return true
  }
  try {
    guard.checkUrl(url)
    return false
  } catch {
    return true
  }
}

const options = { seed: fuzzSeed, numRuns: fuzzRuns(300) }

test('an address inside is refused in every spelling', () => {
  fc.assert(
    fc.property(insideAddress, fc.constantFrom(...spellings, ...carriers), (address, spell) => {
      assert.ok(isRefused(spell(address)), `${spell(address)} is ${dotted(address)}`)
    }),
    options,
  )
})

test('a public address is let through in every spelling that names only itself, and nothing that carries one is', () => {
  fc.assert(
    fc.property(
      fc.nat(0xffffffff),
      fc.constantFrom(...spellings),
      fc.constantFrom(...carriers),
      (address, spell, carry) => {
        assert.equal(isPublicAddress(dotted(address)), !isInside(address), dotted(address))
        if (!isInside(address)) assert.ok(!isRefused(spell(address)), `${spell(address)} is ${dotted(address)}`)
        assert.ok(isRefused(carry(address)), carry(address))
      },
    ),
    options,
  )
})

test('of a name that is somewhere else each time no look-up that says inside is dialled', async () => {
  const answers = fc.array(fc.array(fc.oneof(insideAddress, fc.nat(0xffffffff)), { minLength: 1, maxLength: 4 }), {
    minLength: 1,
    maxLength: 6,
  })
  await fc.assert(
    fc.asyncProperty(answers, async (rounds) => {
      let round = 0
      const lookup: Lookup = async () =>
        (rounds[round++] ?? []).map((address) => ({ address: dotted(address), family: 4 }))
      const rebinding = egressGuard({ allowPrivate: false, lookup })
      for (const expected of rounds) {
        const dialled = await new Promise<readonly string[]>((resolve) =>
          rebinding.lookup('provider.example', { all: true }, (fault, found) =>
            resolve(fault === null && Array.isArray(found) ? found.map(({ address }) => address) : []),
          ),
        )
        assert.deepEqual(dialled, expected.some(isInside) ? [] : expected.map(dotted))
      }
    }),
    { ...options, numRuns: fuzzRuns(100) },
  )
})
