/** Fapiao: what may be asked for. What was paid in yuan and used up can be invoiced, gifts and what is left of credit cannot. */

import { decimalOf } from '#base/money.ts'
import { Problem } from '#base/problem.ts'
import { saying } from '#base/refusal.ts'
import type { FapiaoBalance, FapiaoKind, FapiaoTitle } from './port.ts'

/** A unified social credit code (GB 32100-2015) or an older taxpayer number: 15, 17, 18 or 20 letters and digits. */
export const taxIdForm = /^[0-9A-Z]{15}$|^[0-9A-Z]{17,18}$|^[0-9A-Z]{20}$/

/** The number of a fully digital fapiao. */
export const fapiaoNumberForm = /^\d{20}$/

const fenNano = 10_000_000n

/** What may still be asked for; below zero after refunds of what was invoiced: a red fapiao is due then. */
export const availableYuan = ({ consumedNano, takenNano }: FapiaoBalance): bigint => consumedNano - takenNano

/**
 * Holds a request against what may be asked for.
 * @throws Problem `invalid_request_error` or `conflict` saying what is in the way.
 */
export const checkFapiao = (
  request: { readonly kind: FapiaoKind; readonly amountNano: bigint; readonly title: FapiaoTitle },
  balance: FapiaoBalance,
): void => {
  const { kind, amountNano, title } = request
  if (kind === 'special' && title.form === 'person')
    throw new Problem('invalid_request_error', {
      ...saying('special_for_companies'),
      param: 'kind',
    })
  if (amountNano <= 0n || amountNano % fenNano !== 0n)
    throw new Problem('invalid_request_error', { ...saying('whole_fen'), param: 'amount' })
  const availableNano = availableYuan(balance)
  if (amountNano > availableNano)
    throw new Problem('conflict', {
      ...saying('yuan_over', { amount: decimalOf(amountNano), available: decimalOf(availableNano) }),
      param: 'amount',
    })
}
