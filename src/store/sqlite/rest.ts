/** When a thread of the store gives memory back: once what its start has left, and after a rush what that has left, when it is over. */

/** By then the server listens: what is asked while it starts is waited for. */
const startLooks = 3
/** What is collected takes compiled code with it, which the calls after a pause would miss. */
const idleLooks = 300
/** Jobs ask two or three times a second. */
const idleAskedMax = 1_000
/** Less than that leaves nothing worth a tenth of a second in which nobody is answered. */
const workedAskedMin = 2_000

/** Asked every second with how many questions the thread has been asked in all; whether it is to give back now. */
export const makeRest = (): ((asked: number) => boolean) => {
  let startingLooks = 0
  let looks = 0
  let askedAtRest = 0
  let askedAtWindow = 0
  return (asked) => {
    if (startingLooks < startLooks) {
      startingLooks += 1
      return startingLooks === startLooks
    }
    looks += 1
    if (looks < idleLooks) return false
    const isIdle = asked - askedAtWindow <= idleAskedMax
    looks = 0
    askedAtWindow = asked
    if (!isIdle || asked - askedAtRest < workedAskedMin) return false
    askedAtRest = asked
    return true
  }
}
