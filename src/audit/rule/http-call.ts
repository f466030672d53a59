/** Calls that send an HTTP request, by their names: whether they do is decided by the address that they are given. */

import type { LanguageName } from '#audit/syntax/language.ts'

/** Last names of functions that send or prepare a request. */
export const httpCallNames =
  /^(?:fetch\w*|ajax|\w*[fF]etch|axios|got|ky|needle|superagent|\$fetch|ofetch|undici|request|requests|get|post|put|patch|delete|stream|send|open|urlopen|Request|async_post|apost|POST|GET|do|Do|Post|Get|NewRequest|NewRequestWithContext|PostForm|httpRequest|http_request|PostAsync|GetAsync|SendAsync|PostAsJsonAsync|HttpRequestMessage|PutAsync|SendMessageAsync|curl_init|curl_setopt|curl_easy_setopt|url|uri|newBuilder|newCall|postForObject|postForEntity|exchange|postForLocation|retrieve|preparePost|request_uri|httpPost|HttpPost|URL|start|new|Post\.new|client|withToken|withHeaders|file_get_contents|fopen|wp_remote_\w+|wp_safe_remote_\w+|post_json|do_request|execute|make_request|openConnection|open_connection|connect|ws_connect|WebSocket|create_connection|websocket_connect|SetBody|R|sendAsync|postJson)$/

/** Of these names alone the address must be the whole of a request object or of its setter. */
export const notHttp = /^(?:URL|new|client|R|do|start|open|get|delete|execute|retrieve)$/

const libraries: readonly (readonly [form: RegExp, library: string, languages: readonly LanguageName[]])[] = [
  [/^requests(?:\.|$)/, 'requests', ['python']],
  [/^httpx(?:\.|$)/, 'httpx', ['python']],
  [/^aiohttp(?:\.|$)/, 'aiohttp', ['python']],
  [/^websockets?(?:\.|$)/, 'websockets', ['python']],
  [/^ws(?:\.|$)|^WebSocket$/, 'websocket', ['javascript', 'typescript']],
  [/^urllib3?(?:\.|$)|^http\.client/, 'urllib', ['python']],
  [/^axios(?:\.|$)|^@nestjs\/axios/, 'axios', ['javascript', 'typescript']],
  [/^request(?:-promise(?:-native)?)?(?:\.|$)/, 'request', ['javascript', 'typescript']],
  [/^superagent(?:\.|$)/, 'superagent', ['javascript', 'typescript']],
  [/^(?:jquery|\$|jQuery)(?:\.|$)/, 'jquery', ['javascript', 'typescript']],
  [/^got(?:\.|$)/, 'got', ['javascript', 'typescript']],
  [/^ky(?:\.|$)/, 'ky', ['javascript', 'typescript']],
  [/^undici(?:\.|$)/, 'undici', ['javascript', 'typescript']],
  [/^node-fetch|^cross-fetch|^isomorphic-fetch|^fetch$|\.fetch$/, 'fetch', ['javascript', 'typescript']],
  [/^(?:node:)?https?(?:\.|$)/, 'node:https', ['javascript', 'typescript']],
  [/^net\/http(?:\.|$)/, 'net/http', ['go']],
  [/resty/, 'resty', ['go']],
  [/^okhttp3?(?:\.|$)|^com\.squareup\.okhttp/, 'okhttp', ['java', 'kotlin']],
  [/^java\.net/, 'java.net.http', ['java', 'kotlin']],
  [/springframework/, 'spring-web', ['java', 'kotlin']],
  [/^io\.ktor/, 'ktor', ['kotlin']],
  [/System\.Net\.Http|HttpClient/, 'HttpClient', ['csharp']],
  [/RestSharp|RestClient/, 'RestSharp', ['csharp']],
  [/^Net\.HTTP|^Net$|^URI/, 'net/http', ['ruby']],
  [/^Faraday/, 'faraday', ['ruby']],
  [/^HTTParty/, 'httparty', ['ruby']],
  [/^RestClient/, 'rest-client', ['ruby']],
  [/GuzzleHttp|guzzle/i, 'guzzle', ['php']],
  [/^curl_/, 'curl', ['php']],
  [/^wp_(?:safe_)?remote_/, 'wordpress', ['php']],
  [/Illuminate|^Http$|^Http\./, 'laravel-http', ['php']],
  [/Symfony/, 'symfony-http', ['php']],
  [/^reqwest/, 'reqwest', ['rust']],
  [/^ureq|^surf|^hyper/, 'http', ['rust']],
]

const fallbacks: Readonly<Record<LanguageName, string>> = {
  python: 'http',
  javascript: 'fetch',
  typescript: 'fetch',
  go: 'net/http',
  java: 'java.net.http',
  kotlin: 'okhttp',
  csharp: 'HttpClient',
  ruby: 'net/http',
  php: 'curl',
  rust: 'reqwest',
}

export type HttpEvidence = {
  readonly language: LanguageName
  readonly modules: ReadonlySet<string>
  readonly wildcards: readonly string[]
}

/** The HTTP library behind a callee, `path` being its symbol or dotted name; by what the file imports if that says nothing. */
export const httpLibrary = (path: string, { language, modules }: HttpEvidence): string => {
  const own = libraries.filter(([, , languages]) => languages.includes(language))
  const direct = own.find(([form]) => form.test(path))
  if (direct !== undefined) return direct[1]
  for (const module of modules) {
    const found = own.find(([form]) => form.test(module))
    if (found !== undefined) return found[1]
  }
  return fallbacks[language]
}
