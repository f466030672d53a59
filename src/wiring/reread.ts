/** What is read out of the store again whenever somebody has changed it, here or on another node. */

/**
 * Gives a function that reads and takes what was read into force. Of readings that overlap, one that began earlier never replaces
 * what a later one brought: it may not have seen the change that the later one was made for.
 */
export const rereading = <T>(read: () => Promise<T>, take: (value: T) => void): (() => Promise<void>) => {
  let begun = 0
  let taken = 0
  return async () => {
    begun += 1
    const place = begun
    const value = await read()
    if (place < taken) return
    taken = place
    take(value)
  }
}
