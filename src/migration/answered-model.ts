/**
 * Whether an answer comes of the model that was asked. Vendors call one model by several names: an alias is answered by the name of a dated version, a host puts the maker
 * before it. A false alarm is worse here than a miss: what nobody can tell from the names is taken to be the same.
 */

/** `anthropic.` and `us.anthropic.` of Bedrock. */
const maker = /^(?:[a-z]{2,6}\.)?(?:amazon|anthropic|cohere|deepseek|meta|mistral|openai|qwen)\./
/** What is said of the service or of the file, and not of the model. */
const service = /(?:-v\d+)?:(?:\d+|latest|free|nitro|floor|online|exacto)$|\.gguf$/
/** `-2024-07-18`, `-09-2025`, `-05-20`, `@20250929`, `-0613`, `-001`: which version of it. */
const version = /[-@](?:\d{4}-\d{2}-\d{2}|\d{2}-\d{4}|\d{2}-\d{2}|\d{3,4}|\d{6}|\d{8})$/
/** How finished it is, or that it is an alias. */
const stage = /-(?:preview|latest|exp|experimental|beta|stable)$/
/** What such a name stands for changes, and only its vendor knows when. */
const open = /(?:^|[-/])(?:latest|auto|default|router)(?:[-:]|$)|^arn:|\/endpoints\//

type Named = { readonly stem: string; readonly version: string }

/** A name without what is no part of the model, and apart from it which version is meant; empty = none is. */
const read = (name: string): Named => {
  let stem = name
    .toLowerCase()
    .slice(name.lastIndexOf('/') + 1)
    .replace(maker, '')
    .replace(service, '')
  const versions: string[] = []
  for (;;) {
    const mark = version.exec(stem)?.[0]
    const end = mark ?? stage.exec(stem)?.[0]
    if (end === undefined) break
    if (mark !== undefined) versions.unshift(mark.slice(1))
    stem = stem.slice(0, -end.length)
  }
  // `claude-sonnet-4.5` is `claude-sonnet-4-5` in its maker's own words.
  return { stem: stem.replaceAll('.', '-'), version: versions.join('-').replaceAll('-', '') }
}

export type NamedModels = {
  readonly asked: string
  readonly answered: string
  /** The catalog's id of a name; `null` = it knows none. */
  readonly idOf: (name: string) => string | null
}

/** Whether the answer names another model than was asked for. */
export const namesAnother = ({ asked, answered, idOf }: NamedModels): boolean => {
  if (answered.trim() === '' || asked === answered || open.test(asked.toLowerCase())) return false
  const id = idOf(asked)
  if (id !== null && id === idOf(answered)) return false
  const [one, other] = [read(asked), read(answered)]
  if (one.stem !== other.stem) return true
  // Without a version any is meant; two that differ are two models.
  return one.version !== '' && other.version !== '' && one.version !== other.version
}
