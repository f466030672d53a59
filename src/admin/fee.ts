/** Relay fees: what is charged of what a call would have cost, as a percentage. */

import { z } from 'zod'

/** From 0% to 100%, with at most two digits after the point. */
export const feeField = () =>
  z
    .string()
    .regex(/^\d{1,3}(\.\d{1,2})?%?$/, 'must be a percentage such as 5% or 2.5%, with at most 2 digits after the point')
    .refine((text) => Number.parseFloat(text) <= 100, 'must not be more than 100%')

export const basisPointsOf = (fee: string): number => {
  const [whole = '0', part = ''] = fee.replace('%', '').split('.')
  return Number(whole) * 100 + Number(part.padEnd(2, '0'))
}
