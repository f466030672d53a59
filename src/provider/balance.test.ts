// Answers written by hand from the vendors' documentation; see each for its page.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { deepseekBalance, moonshotBalance, openrouterBalance, siliconflowBalance } from './balance.ts'

test('each vendor says what is left in a way of its own', () => {
  const moonshot = { code: 0, data: { available_balance: 49.58894, voucher_balance: 46.58893, cash_balance: 3.00001 } }
  assert.deepEqual(moonshotBalance.read(moonshot, null), [
    { currency: 'USD', amountNano: 49_588_940_000n, grantedNano: 46_588_930_000n },
  ])
  assert.equal(moonshotBalance.read(moonshot, 'cn')[0]?.currency, 'CNY')
  const deepseek = {
    is_available: true,
    balance_infos: [{ currency: 'CNY', total_balance: '110.00', granted_balance: '10.00' }],
  }
  assert.deepEqual(deepseekBalance.read(deepseek, null), [
    { currency: 'CNY', amountNano: 110_000_000_000n, grantedNano: 10_000_000_000n },
  ])
  assert.deepEqual(openrouterBalance.read({ data: { total_credits: 10, total_usage: 12.5 } }, null), [
    { currency: 'USD', amountNano: -2_500_000_000n, grantedNano: null },
  ])
  const siliconflow = { code: 20000, data: { balance: '0.88', chargeBalance: '88.00', totalBalance: '88.88' } }
  assert.deepEqual(siliconflowBalance.read(siliconflow, 'cn'), [
    { currency: 'CNY', amountNano: 88_880_000_000n, grantedNano: 880_000_000n },
  ])
})

test('an answer that is not understood is nothing, and never zero', () => {
  for (const { read } of [moonshotBalance, deepseekBalance, openrouterBalance, siliconflowBalance])
    for (const document of [
      {},
      { data: null },
      { data: { available_balance: 'much' } },
      { balance_infos: [{ currency: 'USD' }] },
    ])
      assert.deepEqual(read(document, null), [])
})
