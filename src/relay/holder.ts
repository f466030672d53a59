/** Whose something is that is kept for callers. */

/** Who may come back to a thing: the account, in the environment that it called in. */
export const holderOf = ({ account, test }: { readonly account: string | null; readonly test: boolean }): string =>
  `${account ?? ''}${test ? '/test' : ''}`

/** Whether it is kept for calls of the sandbox. */
export const isOfTest = (holder: string): boolean => holder.endsWith('/test')
