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

test('each network that is not public is refused from its first address to its last, and what lies beside it is not', () => {
  const f = 'ffff:ffff:ffff:ffff:ffff'
  const networks: readonly (readonly [first: string, last: string])[] = [
    ['0.0.0.0', '0.255.255.255'],
    ['10.0.0.0', '10.255.255.255'],
    ['100.64.0.0', '100.127.255.255'],
    ['127.0.0.0', '127.255.255.255'],
    ['168.63.129.16', '168.63.129.16'],
    ['169.254.0.0', '169.254.255.255'],
    ['172.16.0.0', '172.31.255.255'],
    ['192.0.0.0', '192.0.0.255'],
    ['192.0.2.0', '192.0.2.255'],
    ['192.88.99.0', '192.88.99.255'],
    ['192.168.0.0', '192.168.255.255'],
    ['198.18.0.0', '198.19.255.255'],
    ['198.51.100.0', '198.51.100.255'],
    ['203.0.113.0', '203.0.113.255'],
    ['224.0.0.0', '239.255.255.255'],
    ['240.0.0.0', '255.255.255.255'],
    ['::', '::ffff:ffff'],
    ['64:ff9b::', '64:ff9b::ffff:ffff'],
    ['64:ff9b:1::', `64:ff9b:1:${f}`],
    ['100::', '100::ffff:ffff:ffff:ffff'],
    ['2001::', `2001:1ff:ffff:${f}`],
    ['2001:db8::', `2001:db8:ffff:${f}`],
    ['2002::', `2002:ffff:ffff:${f}`],
    ['3fff::', `3fff:fff:ffff:${f}`],
    ['5f00::', `5f00:ffff:ffff:${f}`],
    ['fc00::', `fdff:ffff:ffff:${f}`],
    ['fe80::', `febf:ffff:ffff:${f}`],
    ['fec0::', `feff:ffff:ffff:${f}`],
    ['ff00::', `ffff:ffff:ffff:${f}`],
  ]
  for (const address of networks.flat()) assert.equal(isPublicAddress(address), false, address)
  const beside = `1.0.0.0 9.255.255.255 11.0.0.0 100.63.255.255 100.128.0.0 126.255.255.255 128.0.0.0 168.63.129.15
    168.63.129.17 169.253.255.255 169.255.0.0 172.15.255.255 172.32.0.0 191.255.255.255 192.0.1.0 192.0.1.255 192.0.3.0
    192.88.98.255 192.88.100.0 192.167.255.255 192.169.0.0 198.17.255.255 198.20.0.0 198.51.99.255 198.51.101.0
    203.0.112.255 203.0.114.0 223.255.255.255 ::1:0:0:0 64:ff9a:ffff::1 64:ff9b:2:: 101:: 2000:ffff:: 2001:200::
    2001:db7:ffff:: 2001:db9:: 2003:: 3ffe:ffff:: 3fff:1000:: 5eff:ffff:: 5f01:: fbff:ffff:: fe00:: fe7f:ffff::`
  for (const address of beside.split(/\s+/)) assert.equal(isPublicAddress(address), true, address)
})

test('a literal in a URL is judged as it is written there: in brackets, and of both kinds', () => {
  const { checkUrl } = egressGuard({ allowPrivate: false, lookup: () => assert.fail('nothing is looked up') })
  for (const host of ['[::1]', '[fd12:3456::1]', '[::ffff:10.0.0.1]', '127.0.0.1', '2130706433', '0x7f.1'])
    assert.throws(() => checkUrl(new URL(`http://${host}/`)), /is not a public address/, host)
  for (const host of ['[2606:4700::1111]', '1.1.1.1', 'models.example'])
    assert.doesNotThrow(() => checkUrl(new URL(`https://${host}/`)), host)
})
