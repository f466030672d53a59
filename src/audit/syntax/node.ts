/**
 * The tolerant tree. It knows no language's grammar: only names, texts, calls, members, groups of items, assignments and
 * definitions, which is what following a client from its import to its calls needs.
 */

export type Place = { readonly start: number; readonly end: number; readonly line: number }

export type Node = Place &
  (
    | { readonly kind: 'name'; readonly name: string }
    | { readonly kind: 'text'; readonly value: string }
    | { readonly kind: 'template'; readonly parts: readonly (string | Node)[] }
    | { readonly kind: 'literal'; readonly value: number | boolean | null }
    | { readonly kind: 'member'; readonly object: Node; readonly name: string }
    | {
        readonly kind: 'call'
        readonly callee: Node
        readonly items: readonly Item[]
        readonly isNew: boolean
        readonly brace: readonly Item[] | null
        /** Of a block of Ruby: its first parameter, `request` of `do |request|`; what is set on it is given to the call. */
        readonly subject?: string
      }
    | { readonly kind: 'index'; readonly object: Node; readonly items: readonly Item[] }
    | { readonly kind: 'brace'; readonly items: readonly Item[] }
    | { readonly kind: 'list'; readonly items: readonly Item[] }
    | { readonly kind: 'group'; readonly items: readonly Item[] }
    | { readonly kind: 'join'; readonly operator: string; readonly parts: readonly Node[] }
    | {
        readonly kind: 'function'
        readonly name: string | null
        readonly parameters: readonly Item[]
        readonly body: readonly Item[]
        readonly receiver: readonly Item[]
      }
    | { readonly kind: 'class'; readonly name: string; readonly bases: readonly Node[]; readonly body: readonly Item[] }
    | { readonly kind: 'unknown' }
  )

export type FunctionNode = Extract<Node, { kind: 'function' }>
export type ClassNode = Extract<Node, { kind: 'class' }>
export type CallNode = Extract<Node, { kind: 'call' }>

/** A name bound by an import. `name`: `*` = the module itself, `default` = its default. */
export type ImportBinding = { readonly local: string; readonly module: string; readonly name: string }

export type Item =
  | { readonly kind: 'node'; readonly node: Node }
  | { readonly kind: 'spread'; readonly node: Node }
  | {
      readonly kind: 'entry'
      readonly key: string | null
      readonly keyNode: Node
      readonly value: Node
      readonly modifiers?: readonly string[]
    }
  | {
      readonly kind: 'assign'
      readonly targets: readonly Node[]
      readonly value: Node
      readonly type: Node | null
      readonly modifiers: readonly string[]
    }
  | {
      readonly kind: 'declare'
      readonly name: string
      readonly type: Node
      readonly modifiers: readonly string[]
      readonly line: number
    }
  | { readonly kind: 'return'; readonly node: Node /** It is among the items already. */; readonly isSeen?: boolean }
  | {
      readonly kind: 'import'
      readonly bindings: readonly ImportBinding[]
      readonly wildcards: readonly string[]
      readonly line: number
    }
  | {
      readonly kind: 'export'
      readonly names: readonly { readonly local: string; readonly name: string }[]
      readonly module: string | null
    }
