/** Which repairs of the wire one provider gets: those of its vendor, or those that its operator names. */

import { Problem } from '#base/problem.ts'
import type { Provider, Vendor } from './vendor.ts'
import type { WireShim } from './wire-shim.ts'
import { wireShims } from './wire-shim.ts'

const isShim = (name: string): name is WireShim => Object.hasOwn(wireShims, name)

/** The repairs of one provider. @throws Problem where the operator names one that there is not. */
export const wireShimsOf = (provider: Provider, vendor: Vendor): readonly WireShim[] => {
  const given = provider.options['shims']
  if (given === undefined) return vendor.shims
  const names = given
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '' && name !== 'none')
  const unknown = names.find((name) => !isShim(name))
  if (unknown === undefined) return names.filter(isShim)
  throw new Problem('upstream_error', {
    message: `Provider "${provider.name}" names a shim '${unknown}' that there is not. Its option "shims" takes ${Object.keys(wireShims).join(', ')}.`,
  })
}
