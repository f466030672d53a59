import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Problem } from '#base/problem.ts'
import type { ResolvedAddress } from './egress.ts'
import { egressGuard, isPublicAddress } from './egress.ts'

const refused = [
  '0.0.0.0',
  '0.1.2.3',
  '10.0.0.1',
  '100.64.0.1',
  '100.100.100.200',
  '127.0.0.1',
  '127.255.255.254',
  '168.63.129.16',
  '169.254.169.254',
  '172.16.0.1',
  '172.31.255.255',
  '192.0.0.192',
  '192.168.1.1',
  '198.18.0.1',
  '198.19.255.255',
  '224.0.0.1',
  '239.1.1.1',
  '240.0.0.1',
  '255.255.255.255',
  '::',
  '::1',
  '::127.0.0.1',
  '::ffff:127.0.0.1',
  '::ffff:7f00:1',
  '::ffff:10.0.0.1',
  '::ffff:a9fe:a9fe',
  '64:ff9b::7f00:1',
  '64:ff9b::8.8.8.8',
  '64:ff9b:1::1',
  '2001::1',
  '2001:0:4136:e378:8000:63bf:3fff:fdd2',
  '2002:7f00:1::',
  '2002:a9fe:a9fe::1',
  'fc00::1',
  'fd00:ec2::254',
  'fe80::1',
  'fe80::1%eth0',
  'fec0::1',
  'ff02::1',
  'not an address',
  '',
]

const open = [
  '1.1.1.1',
  '8.8.8.8',
  '100.63.255.255',
  '172.32.0.1',
  '192.169.0.1',
  '::ffff:8.8.8.8',
  '2606:4700::1111',
  '2a00:1450:4001::1',
]

describe('addresses', () => {
  for (const address of refused) test(`refused: ${address}`, () => assert.equal(isPublicAddress(address), false))
  for (const address of open) test(`public: ${address}`, () => assert.equal(isPublicAddress(address), true))
})

const guard = (answers: readonly string[], allowPrivate = false) =>
  egressGuard({
    allowPrivate,
    lookup: async () => answers.map((address): ResolvedAddress => ({ address, family: address.includes(':') ? 6 : 4 })),
  })

describe('URLs', () => {
  const check = (text: string, allowPrivate = false) => guard([], allowPrivate).checkUrl(new URL(text))

  const literals = [
    'http://127.0.0.1/',
    'http://127.1/',
    'http://0x7f.1/',
    'http://2130706433/',
    'http://\u2460\u2461\u2466.0.0.1/',
    'http://[::1]:8000/v1',
    'http://[::ffff:169.254.169.254]/',
    'https://0.0.0.0/',
    'http://169.254.169.254/latest/meta-data',
  ]
  for (const text of literals)
    test(`refused unless allowed: ${text}`, () => {
      // What is written with circled digits is another host: 127.0.0.1 only after folding, which the URL parser did.
      if (new URL(text).hostname === '127.0.0.1' || !text.includes('\u2460'))
        assert.throws(
          () => check(text),
          (problem) => {
            assert.ok(problem instanceof Problem)
            assert.equal(problem.code, 'upstream_error')
            assert.equal(problem.detail.facts?.['fault'], 'refused_address')
            assert.match(problem.message, /allow_private: true/)
            return true
          },
        )
      check(text, true)
    })

  test('schemes and credentials are refused whatever is allowed', () => {
    for (const text of [
      'ftp://example.com/',
      'file:///etc/passwd',
      'ws://example.com/',
      'https://u:p@example.com/',
      'https://u@example.com/',
    ])
      assert.throws(() => check(text, true), Problem)
    check('https://example.com/v1')
    check('http://8.8.8.8/')
  })
})

describe('look-ups', () => {
  const look = (answers: readonly string[], options: { all: boolean; allowPrivate?: boolean }) =>
    new Promise<unknown>((resolve, reject) => {
      guard(answers, options.allowPrivate).lookup('models.example', { all: options.all }, (error, address) => {
        if (error !== null) reject(error)
        else resolve(address)
      })
    })

  test('public answers are given as they were checked', async () => {
    assert.deepEqual(await look(['8.8.8.8', '2606:4700::1111'], { all: true }), [
      { address: '8.8.8.8', family: 4 },
      { address: '2606:4700::1111', family: 6 },
    ])
    assert.equal(await look(['8.8.8.8', '1.1.1.1'], { all: false }), '8.8.8.8')
  })

  test('one private answer among public ones refuses all', async () => {
    await assert.rejects(look(['8.8.8.8', '10.0.0.1'], { all: true }), (problem) => {
      assert.ok(problem instanceof Problem)
      assert.match(problem.message, /models\.example is at 10\.0\.0\.1, which is not a public address/)
      return true
    })
    assert.ok(Array.isArray(await look(['10.0.0.1'], { all: true, allowPrivate: true })))
  })

  test('no answer, and a failing resolver, are faults of names', async () => {
    await assert.rejects(
      look([], { all: true }),
      (problem) => problem instanceof Problem && problem.detail.facts?.['fault'] === 'dns',
    )
    const failing = egressGuard({ allowPrivate: false, lookup: () => Promise.reject(new Error('ENOTFOUND')) })
    const looked = new Promise((resolve) => failing.lookup('x.example', {}, (error) => resolve(error)))
    assert.equal(((await looked) as Problem).detail.facts?.['fault'], 'dns')
  })
})
