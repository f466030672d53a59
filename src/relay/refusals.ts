/** What is remembered of an upstream for as long as the process lives. */

/** What was refused once, by name: to be asked for usage by the target, a secret of a history by target and secret. */
export type Refusals = { readonly has: (name: string) => boolean; readonly add: (name: string) => void }

/** Names remembered at most; of more than these the oldest is forgotten, which costs it a round trip and no more. */
const namesMax = 20_000

/** An empty memory; of more than its bound the oldest names are forgotten. */
export const rememberRefusals = (): Refusals => {
  const names = new Set<string>()
  return {
    has: (name) => names.has(name),
    add: (name) => {
      const [oldest] = names
      if (names.size >= namesMax && oldest !== undefined) names.delete(oldest)
      names.add(name)
    },
  }
}
