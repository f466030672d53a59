/** What a file is, by its name: the language it is read in, or the reason why it is skipped. */

import type { LanguageName } from '#audit/syntax/language.ts'

export type SettingsName =
  | 'env'
  | 'yaml'
  | 'json'
  | 'toml'
  | 'terraform'
  | 'dockerfile'
  | 'shell'
  | 'properties'
  | 'xml'
  | 'makefile'
  | 'nginx'

export type FileKind =
  | { readonly kind: 'code'; readonly language: LanguageName; readonly form: 'plain' | 'notebook' | 'component' }
  | { readonly kind: 'settings'; readonly language: SettingsName }
  | { readonly kind: 'skip'; readonly reason: string }

const code: Readonly<Record<string, LanguageName>> = {
  py: 'python',
  pyi: 'python',
  pyw: 'python',
  js: 'javascript',
  mjs: 'javascript',
  cjs: 'javascript',
  jsx: 'javascript',
  ts: 'typescript',
  tsx: 'typescript',
  mts: 'typescript',
  cts: 'typescript',
  go: 'go',
  java: 'java',
  kt: 'kotlin',
  kts: 'kotlin',
  cs: 'csharp',
  rb: 'ruby',
  rake: 'ruby',
  php: 'php',
  rs: 'rust',
}

const settings: Readonly<Record<string, SettingsName>> = {
  yml: 'yaml',
  yaml: 'yaml',
  json: 'json',
  jsonc: 'json',
  json5: 'json',
  toml: 'toml',
  tf: 'terraform',
  tfvars: 'terraform',
  hcl: 'terraform',
  sh: 'shell',
  bash: 'shell',
  zsh: 'shell',
  fish: 'shell',
  ksh: 'shell',
  ps1: 'shell',
  bat: 'shell',
  properties: 'properties',
  ini: 'properties',
  cfg: 'properties',
  conf: 'nginx',
  env: 'env',
  xml: 'xml',
  config: 'xml',
  mk: 'makefile',
  csproj: 'xml',
}

/** Folders whose content others wrote or a tool made. */
const skippedFolders: Readonly<Record<string, string>> = {
  '.git': 'version control',
  '.hg': 'version control',
  '.svn': 'version control',
  node_modules: 'vendored',
  bower_components: 'vendored',
  vendor: 'vendored',
  third_party: 'vendored',
  'third-party': 'vendored',
  thirdparty: 'vendored',
  'site-packages': 'vendored',
  Pods: 'vendored',
  '.venv': 'vendored',
  venv: 'vendored',
  '.tox': 'vendored',
  '.nox': 'vendored',
  __pycache__: 'generated',
  '.mypy_cache': 'generated',
  '.pytest_cache': 'generated',
  '.ruff_cache': 'generated',
  dist: 'generated',
  build: 'generated',
  out: 'generated',
  target: 'generated',
  '.next': 'generated',
  '.nuxt': 'generated',
  '.svelte-kit': 'generated',
  '.output': 'generated',
  coverage: 'generated',
  '.terraform': 'vendored',
  '.gradle': 'generated',
  '.idea': 'editor',
  '.vs': 'editor',
  bin: 'generated',
  obj: 'generated',
  '.cache': 'generated',
  '.yarn': 'vendored',
  '.pnpm-store': 'vendored',
  '.bundle': 'vendored',
  '.dart_tool': 'generated',
  '.turbo': 'generated',
  '.vercel': 'generated',
  jspm_packages: 'vendored',
  '.eggs': 'vendored',
  'egg-info': 'generated',
}

/** Of these names the folder is only skipped where it looks like what it is called; see walk.ts. */
export const doubtfulFolders: ReadonlySet<string> = new Set([
  'bin',
  'obj',
  'out',
  'build',
  'target',
  'vendor',
  'coverage',
  'venv',
])

const lockFiles =
  /^(?:package-lock\.json|npm-shrinkwrap\.json|yarn\.lock|pnpm-lock\.yaml|bun\.lockb?|poetry\.lock|Pipfile\.lock|uv\.lock|pdm\.lock|Cargo\.lock|Gemfile\.lock|composer\.lock|go\.sum|go\.work\.sum|gradle\.lockfile|packages\.lock\.json|flake\.lock|mix\.lock|deno\.lock|\.terraform\.lock\.hcl|pubspec\.lock|Podfile\.lock|conda-lock\.yml)$/
const generated =
  /(?:\.min\.(?:js|css|mjs)|\.bundle\.js|\.chunk\.js|[-.]generated\.\w+|\.g\.cs|\.designer\.cs|\.pb\.go|_pb2(?:_grpc)?\.pyi?|\.pb\.\w+|_generated\.\w+|\.snap|\.map|\.d\.ts)$/i
const binary =
  /\.(?:png|jpe?g|gif|webp|ico|bmp|tiff?|pdf|zip|gz|tgz|bz2|xz|7z|rar|jar|war|class|so|dylib|dll|exe|o|a|wasm|woff2?|ttf|otf|eot|mp[34]|wav|ogg|webm|mov|avi|sqlite3?|db|bin|onnx|pt|pth|safetensors|gguf|npy|npz|parquet|arrow|pkl|pickle|h5|tar|lz4|zst|dat|pyc|ipa|apk|psd|ai|sketch)$/i
const prose =
  /\.(?:md|mdx|rst|txt|adoc|tex|html?|css|s[ac]ss|less|svg|csv|tsv|jsonl|ndjson|log|po|pot|srt|vtt|diff|patch|xlsx?|docx?|pptx?|graphql|gql|proto|sql|lock|sum|mod|ipynb_checkpoints)$/i

export const folderReason = (name: string): string | null =>
  Object.hasOwn(skippedFolders, name) ? (skippedFolders[name] ?? null) : null

/** What the file at a path is. */
export const fileKind = (path: string): FileKind => {
  const name = path.slice(path.lastIndexOf('/') + 1)
  const ending = name.includes('.') ? name.slice(name.lastIndexOf('.') + 1).toLowerCase() : ''
  if (lockFiles.test(name)) return { kind: 'skip', reason: 'lock file' }
  if (binary.test(name)) return { kind: 'skip', reason: 'binary' }
  if (generated.test(name)) return { kind: 'skip', reason: 'generated or minified' }
  if (/^\.env(?:\.|$)|\.env(?:\.\w+)?$|^env\.(?:example|sample|template)$/.test(name))
    return { kind: 'settings', language: 'env' }
  if (/^(?:Dockerfile|Containerfile)(?:\.|$)|\.dockerfile$/i.test(name))
    return { kind: 'settings', language: 'dockerfile' }
  if (/^(?:GNU)?[Mm]akefile$|^[Jj]ustfile$|^Taskfile$|^Procfile$/.test(name))
    return { kind: 'settings', language: 'makefile' }
  if (/^(?:Jenkinsfile|\.envrc|\.bashrc|\.zshrc|\.profile)$/.test(name)) return { kind: 'settings', language: 'shell' }
  if (/^(?:Rakefile|Gemfile|config\.ru)$/.test(name)) return { kind: 'code', language: 'ruby', form: 'plain' }
  if (ending === 'ipynb') return { kind: 'code', language: 'python', form: 'notebook' }
  if (ending === 'vue' || ending === 'svelte' || ending === 'astro')
    return { kind: 'code', language: 'typescript', form: 'component' }
  const language = Object.hasOwn(code, ending) ? code[ending] : undefined
  if (language !== undefined) return { kind: 'code', language, form: 'plain' }
  const setting = Object.hasOwn(settings, ending) ? settings[ending] : undefined
  if (setting !== undefined) return { kind: 'settings', language: setting }
  return { kind: 'skip', reason: prose.test(name) ? 'prose or data' : 'unknown kind' }
}

const interpreters: readonly (readonly [RegExp, FileKind])[] = [
  [/^(?:python|pypy)[\d.]*$|^uv$/, { kind: 'code', language: 'python', form: 'plain' }],
  [/^(?:node|nodejs)$/, { kind: 'code', language: 'javascript', form: 'plain' }],
  [/^(?:deno|bun|tsx|ts-node)$/, { kind: 'code', language: 'typescript', form: 'plain' }],
  [/^j?ruby[\d.]*$/, { kind: 'code', language: 'ruby', form: 'plain' }],
  [/^php[\d.]*$/, { kind: 'code', language: 'php', form: 'plain' }],
  [/^(?:ba|z|k|da|a|fi)?sh$/, { kind: 'settings', language: 'shell' }],
  [/^make$/, { kind: 'settings', language: 'makefile' }],
]

/** What a script without an ending is, by its first line: `#!/usr/bin/env python3`. */
export const scriptKind = (head: string): FileKind | null => {
  const [program, ...others] = (/^\uFEFF?#!\s*(.*)/.exec(head)?.[1] ?? '').split(/\s+/)
  // Behind env come its options and assignments first.
  const [named] = program?.endsWith('/env') === true ? others.filter((word) => !/^-|=/.test(word)) : [program]
  const name = named?.slice(named.lastIndexOf('/') + 1) ?? ''
  return interpreters.find(([form]) => form.test(name))?.[1] ?? null
}

/** What a file is, by its name, and by its first line where the name has no ending. */
export const readKind = (path: string, head: () => string | null): FileKind => {
  const kind = fileKind(path)
  const isBare = kind.kind === 'skip' && !path.slice(path.lastIndexOf('/') + 1).includes('.')
  return (isBare ? scriptKind(head() ?? '') : null) ?? kind
}

/** Whether a path is a test, a fixture or an example, rather than what runs in production. */
export const isTestPath = (path: string): boolean =>
  /(?:^|\/)(?:tests?|__tests__|spec|specs|e2e|fixtures?|__fixtures__|__mocks__|mocks?|testdata|cassettes|__snapshots__|snapshots|examples?)\//i.test(
    path,
  ) ||
  /(?:^|\/)(?:test_[^/]*\.py|conftest\.py|[^/]*_test\.(?:go|py|rb)|[^/]*[.-](?:test|spec)\.[cm]?[jt]sx?|[^/]*(?:Test|Tests|IT|Spec)\.(?:java|kt|cs|php)|[^/]*_spec\.rb)$/.test(
    path,
  )

const generatedHead =
  /@generated\b|\bcode generated\b.{0,80}\bdo not edit\b|\bdo not edit\b.{0,60}\bgenerated\b|\b(?:auto-?generated|generated) by\b.{0,60}(?:do not (?:edit|modify)|openapi|swagger|protoc|codegen)/i
const headCharacters = 1000

/** Why a file of code is not ours to audit, by its text; `null` = it is. */
export const textReason = (text: string): string | null => {
  if (generatedHead.test(text.slice(0, headCharacters).replaceAll('\n', ' '))) return 'generated or minified'
  // Text on one line that goes on and on was made by a tool.
  const isMinified = text.length > 20_000 && !text.slice(500, 5500).includes('\n')
  return isMinified ? 'generated or minified' : null
}
