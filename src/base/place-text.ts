/** Where something stands in a file or an input, as a person looks for it: `accounts.acme.budgets[0]`. */
export const placeText = (path: readonly PropertyKey[]): string =>
  path
    .map((step, index) => (typeof step === 'number' ? `[${step}]` : `${index === 0 ? '' : '.'}${String(step)}`))
    .join('')
