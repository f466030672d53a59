/** How a server stands: what of it a person should look at. */

export type Standing = {
  /** Of the configuration that was read last. */
  warnings: readonly string[]
}

type Warner = { readonly warnings: () => readonly string[] }
type Warners = {
  readonly member: Warner
  readonly limits: Warner
  readonly request: { readonly secrets: Warner }
}

/** Everything that a person should look at, while calls are served. */
export const warningsOf = ({ member, limits, request }: Warners, { warnings }: Standing): readonly string[] => [
  ...warnings,
  ...member.warnings(),
  ...limits.warnings(),
  ...request.secrets.warnings(),
]
