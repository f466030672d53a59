/** What stands behind a network address: one subscriber, and the household or office around it. */

/** The first 64 bits of an IPv6 address, however it is shortened (RFC 4291, 2.2): four groups without leading zeros. */
const first64 = (address: string): string => {
  const [head = '', tail] = address.split('::')
  const groupsOf = (text: string): readonly string[] => (text === '' ? [] : text.split(':'))
  const before = groupsOf(head)
  const after = groupsOf(tail ?? '')
  // An IPv4 address at the end stands for two groups.
  const afterCount = after.length + (after.at(-1)?.includes('.') === true ? 1 : 0)
  const zeros = tail === undefined ? [] : Array.from({ length: 8 - before.length - afterCount }, () => '0')
  return [...before, ...zeros, ...after]
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(':')
}

/** Whoever has one IPv6 address has 2^64 of them: they count as one. An IPv4 address is one by itself. */
export const subscriberOf = (address: string): string => (address.includes(':') ? first64(address) : address)

/** Addresses of one household or office: the first 24 bits, or the first 64 of an IPv6 address. */
export const networkOf = (address: string): string =>
  address.includes(':') ? first64(address) : address.split('.').slice(0, 3).join('.')
