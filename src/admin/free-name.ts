/** A name for an organisation of somebody new, where the wanted one may be taken. */

import { Problem } from '#base/problem.ts'
import type { OperationContext } from './operation.ts'

const lengthMax = 100
const triesMax = 3

/**
 * Makes it under another name where the wanted one is taken: to say so would tell strangers who is a customer here, and by that
 * whether a mail address is known; and nobody is kept out by whoever took their name.
 * @throws Problem what `make` throws but for a `conflict` of the name
 */
export const withFreeName = async <Made>(
  wanted: string,
  make: (name: string) => Promise<Made>,
  { ids }: Pick<OperationContext, 'ids'>,
): Promise<Made> => {
  const attempt = async (name: string, triesLeft: number): Promise<Made> => {
    try {
      return await make(name)
    } catch (thrown) {
      const isTaken = thrown instanceof Problem && thrown.code === 'conflict' && thrown.detail.param === 'name'
      if (!isTaken || triesLeft === 0) throw thrown
      const tail = ` ${Buffer.from(ids.bytes(3)).toString('hex')}`
      return attempt(`${wanted.slice(0, lengthMax - tail.length).trimEnd()}${tail}`, triesLeft - 1)
    }
  }
  return attempt(wanted, triesMax)
}
