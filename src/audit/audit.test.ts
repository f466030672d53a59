import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { loadCatalog } from '#catalog/load.ts'
import { audit } from './audit.ts'
import type { CallSite } from './finding.ts'
import { memorySource } from './walk/file-source.ts'

const catalog = await loadCatalog(new URL('../../catalog/', import.meta.url))

const sitesOf = (files: Readonly<Record<string, string>>): readonly CallSite[] =>
  audit({
    source: memorySource(files),
    catalog,
    target: null,
    atMs: Date.UTC(2026, 10, 22),
    baseline: new Set(),
    progress: () => undefined,
  }).call_sites

const callOf = (path: string, text: string): CallSite => {
  const found = sitesOf({ [path]: text }).filter(({ kind }) => kind === 'call' || kind === 'raw-http')
  assert.equal(found.length, 1, JSON.stringify(found))
  return found[0] as CallSite
}

const named = { type: 'function', function: { name: 'search' } }
const python = 'from openai import OpenAI\nc = OpenAI()\n'
const script = "import OpenAI from 'openai'\nconst c = new OpenAI()\n"

describe('parameters that are set line by line', () => {
  const cases: readonly (readonly [name: string, path: string, text: string, parameters: object])[] = [
    [
      'by key, perhaps',
      'a.py',
      `${python}def f(messages, tools=None):
  params = {"model": "gpt-4o", "messages": messages}
  if tools:
    params["tools"] = tools
    params["tool_choice"] = {"type": "function", "function": {"name": "search"}}
  return c.chat.completions.create(**params)\n`,
      { tools: null, tool_choice: named },
    ],
    [
      'by update and setdefault',
      'a.py',
      `${python}def f(messages):
  params = dict(model="gpt-4o", messages=messages)
  params.update(n=2)
  params.update({"seed": 3})
  params.setdefault("stop", "x")
  return c.chat.completions.create(**params)\n`,
      { n: 2, seed: 3, stop: 'x' },
    ],
    [
      'on what begins empty',
      'a.py',
      `${python}def f(messages, asJson):
  kwargs = {}
  if asJson:
    kwargs["response_format"] = {"type": "json_object"}
  return c.chat.completions.create(model="gpt-4o", messages=messages, **kwargs)\n`,
      { response_format: { type: 'json_object' } },
    ],
    [
      'by key and Object.assign',
      'a.ts',
      `${script}export const f = () => {
  const params = { model: 'gpt-4o', messages: [] }
  params['logprobs'] = true
  Object.assign(params, { n: 2 })
  return c.chat.completions.create(params)\n}\n`,
      { logprobs: true, n: 2 },
    ],
    [
      'by a spread that holds when something is',
      'a.ts',
      `${script}export const f = (asJson: boolean) =>
  c.chat.completions.create({ model: 'gpt-4o', messages: [], ...(asJson && { response_format: { type: 'json_object' } }) })\n`,
      { response_format: { type: 'json_object' } },
    ],
    [
      'on a map that is encoded into a buffer',
      'a.go',
      `package a
import ("bytes"; "encoding/json"; "net/http")
func f() {
	body := map[string]interface{}{"model": "gpt-4o"}
	body["n"] = 2
	var buf bytes.Buffer
	json.NewEncoder(&buf).Encode(body)
	http.Post("https://api.openai.com/v1/chat/completions", "application/json", &buf)
}\n`,
      { n: 2 },
    ],
    [
      'in brackets of a dictionary, and behind it',
      'A.cs',
      `class A { async Task F(HttpClient http) {
  var body = new Dictionary<string, object> { ["model"] = "gpt-4o", ["temperature"] = 1.1 };
  body["n"] = 2;
  await http.PostAsJsonAsync("https://api.openai.com/v1/chat/completions", body);
} }\n`,
      { temperature: 1.1, n: 2 },
    ],
    [
      'on a body that is sent',
      'A.java',
      `import org.springframework.web.client.RestTemplate;
class A { RestTemplate rest = new RestTemplate();
  String f() { Map<String, Object> body = new HashMap<>(); body.put("model", "gpt-4o"); body.put("n", 2);
    return rest.postForObject("https://api.openai.com/v1/chat/completions", new HttpEntity<>(body), String.class); } }\n`,
      { n: 2 },
    ],
    [
      'as pairs of a map',
      'A.java',
      `import org.springframework.web.client.RestTemplate;
class A { RestTemplate rest = new RestTemplate();
  String f() { return rest.postForObject("https://api.openai.com/v1/chat/completions", Map.of("model", "gpt-4o", "n", 2), String.class); } }\n`,
      { n: 2 },
    ],
  ]
  for (const [name, path, text, parameters] of cases)
    test(`${path}: ${name}`, () => {
      const call = callOf(path, text)
      assert.equal(call.model, 'gpt-4o')
      assert.deepEqual(call.parameters, parameters)
    })

  test('a handle of curl in PHP is read with its options', () => {
    const call = callOf(
      'a.php',
      `<?php
$ch = curl_init('https://api.openai.com/v1/chat/completions');
curl_setopt_array($ch, [CURLOPT_HTTPHEADER => ['Authorization: Bearer ' . getenv('OPENAI_API_KEY')]]);
curl_setopt($ch, CURLOPT_POSTFIELDS, json_encode(['model' => 'gpt-4o', 'messages' => [], 'n' => 2]));
$other = curl_init('https://shop.example.com/');
curl_setopt($other, CURLOPT_POSTFIELDS, json_encode(['model' => 'boots', 'size' => 3]));
curl_exec($ch);\n`,
    )
    assert.equal(call.model, 'gpt-4o')
    assert.equal(call.auth, 'env:OPENAI_API_KEY')
    assert.deepEqual(call.parameters, { n: 2 })
  })
})

test('what is put into a prompt of LangChain is no parameter of the call', () => {
  const { parameters } = callOf(
    'a.py',
    `from langchain_openai import ChatOpenAI
llm = ChatOpenAI(model="gpt-4o", temperature=0)
llm.invoke({"n": 3, "seed": "poppy"}, stop=["."])\n`,
  )
  assert.deepEqual(parameters, { temperature: 0, stop: ['.'] })
})

describe('addresses that are put together', () => {
  const chat = 'https://api.openai.com/v1/chat/completions'
  const base = 'import requests\nBASE = "https://api.openai.com/v1"\n'
  const cases: readonly (readonly [path: string, text: string])[] = [
    ['a.py', `${base}requests.post("{}/chat/completions".format(BASE), json={"model": "gpt-4o"})\n`],
    ['a.py', `${base}requests.post("{at}/chat/completions".format(at=BASE), json={"model": "gpt-4o"})\n`],
    ['a.py', `${base}requests.post("%s/%s" % (BASE, "chat/completions"), json={"model": "gpt-4o"})\n`],
    [
      'a.rs',
      `const BASE: &str = "https://api.openai.com/v1";
async fn f(c: reqwest::Client) { c.post(format!("{BASE}/chat/completions")).json(&serde_json::json!({"model": "gpt-4o"})).send().await; }\n`,
    ],
  ]
  for (const [path, text] of cases)
    test(text.split('\n').at(-2) ?? '', () => {
      const call = callOf(path, text)
      assert.equal(call.base_url, chat)
      assert.equal(call.model, 'gpt-4o')
    })

  test('the default of a variable is no request, whatever else the file asks for', () => {
    const sites = sitesOf({
      'a.py': `import os\nimport requests\nBASE = os.environ.get("OPENAI_BASE_URL", "https://api.openai.com/v1").rstrip("/")\n`,
    })
    assert.deepEqual(
      sites.map(({ kind }) => kind).filter((kind) => kind === 'raw-http'),
      [],
    )
    assert.ok(sites.some(({ kind, base_url: url }) => kind === 'base-url' && url === 'https://api.openai.com/v1'))
  })
})

describe('what Spring puts in is read from its files of settings', () => {
  const settings = {
    'src/test/resources/application.yml': 'openai:\n  url: http://localhost:9999/v1/chat/completions\n',
    'src/main/resources/application-dev.yml': 'openai:\n  url: http://dev.test/v1/chat/completions\n',
    'src/main/resources/application.yml': `server:\n  url: other\nopenai:\n  url: "\${LLM_HOST:https://api.openai.com}/v1/chat/completions"\n  api-key: \${OPENAI_API_KEY:none}\n  model: gpt-4o # for now\n`,
  }
  const body = 'Map.of("model", model, "temperature", 0.2)'
  const cases: readonly (readonly [path: string, text: string])[] = [
    [
      'src/main/java/A.java',
      `import org.springframework.web.client.RestTemplate;
class A {
  @Value("\${openai.url}") private String url;
  @Value("\${openai.apiKey}")
  private String key;
  @NotBlank @Value("\${openai.model:gpt-3.5-turbo}") private String model;
  String f(RestTemplate rest) { HttpHeaders headers = new HttpHeaders(); headers.setBearerAuth(key);
    return rest.postForObject(url, new HttpEntity<>(${body}, headers), String.class); } }\n`,
    ],
    [
      'src/main/java/B.java',
      `import org.springframework.web.client.RestTemplate;
class B { private final String url; private final String key; private final String model; private final RestTemplate rest;
  B(@Value("\${openai.url}") String url, @Value("\${openai.api-key}") final String key, @Value("\${openai.model}") String model, RestTemplate rest) {
    this.url = url; this.key = key; this.model = model; this.rest = rest; }
  String f() { HttpHeaders headers = new HttpHeaders(); headers.add("Authorization", "Bearer " + key);
    return rest.postForObject(url, new HttpEntity<>(${body}, headers), String.class); } }\n`,
    ],
    [
      'src/main/kotlin/C.kt',
      `import org.springframework.web.client.RestTemplate
class C(@Value("\\\${openai.url}") private val url: String, @Value("\\\${openai.api-key}") private val key: String, private val rest: RestTemplate) {
  @Value("\\\${openai.model}") lateinit var model: String
  fun f(): String {
    val headers = HttpHeaders()
    headers.setBearerAuth(key)
    return rest.postForObject(url, HttpEntity(mapOf("model" to model, "temperature" to 0.2), headers), String::class.java)
  }
}\n`,
    ],
  ]
  for (const [path, text] of cases)
    test(path, () => {
      const [call, ...others] = sitesOf({ ...settings, [path]: text }).filter(({ kind }) => kind === 'raw-http')
      assert.deepEqual(others, [])
      assert.equal(call?.base_url, 'https://api.openai.com/v1/chat/completions')
      assert.equal(call.model, 'gpt-4o')
      assert.equal(call.auth, 'env:OPENAI_API_KEY')
      assert.deepEqual(call.parameters, { temperature: 0.2 })
    })

  const owners: readonly (readonly [name: string, owner: string, got: (field: string) => string])[] = [
    [
      'fields of a class',
      '@ConfigurationProperties(prefix = "openai")\n@Data\npublic class OpenAiProperties { private String url; private String apiKey; private String model = "gpt-3.5-turbo"; }\n',
      (field) => `properties.get${field.charAt(0).toUpperCase()}${field.slice(1)}()`,
    ],
    [
      'a record',
      '@ConfigurationProperties("openai")\npublic record OpenAiProperties(String url, String apiKey, String model) {}\n',
      (field) => `properties.${field}()`,
    ],
  ]
  for (const [name, owner, got] of owners)
    test(`bound by their names: ${name}`, () => {
      const sites = sitesOf({
        ...settings,
        'src/main/java/OpenAiProperties.java': owner,
        'src/main/java/A.java': `import org.springframework.web.client.RestTemplate;
class A { private final OpenAiProperties properties; private final RestTemplate rest;
  A(OpenAiProperties properties, RestTemplate rest) { this.properties = properties; this.rest = rest; }
  String f() { HttpHeaders headers = new HttpHeaders(); headers.setBearerAuth(${got('apiKey')});
    return rest.postForObject(${got('url')}, new HttpEntity<>(Map.of("model", ${got('model')}), headers), String.class); } }\n`,
      })
      const call = sites.find(({ kind }) => kind === 'raw-http')
      assert.deepEqual(
        [call?.base_url, call?.model, call?.auth],
        ['https://api.openai.com/v1/chat/completions', 'gpt-4o', 'env:OPENAI_API_KEY'],
      )
    })

  test('where no file sets it, the variable that Spring reads is told', () => {
    const sites = sitesOf({
      'A.java': `import com.openai.client.okhttp.OpenAIOkHttpClient;
class A { @Value("\${openai.base-url}") String url;
  @Value("\${OPENAI_API_KEY}") String key;
  Object f() { return OpenAIOkHttpClient.builder().baseUrl(url).apiKey(key).build(); } }\n`,
    })
    const client = sites.find(({ kind }) => kind === 'client')
    assert.deepEqual([client?.base_url, client?.auth], ['env:OPENAI_BASEURL', 'env:OPENAI_API_KEY'])
    assert.ok(sites.some(({ kind, auth }) => kind === 'env' && auth === 'env:OPENAI_API_KEY'))
  })

  test('placeholders that name each other end', () => {
    const sites = sitesOf({
      'application.properties': `openai.url=\${openai.other}\nopenai.other=\${openai.url}\n`,
      'A.java': `import com.openai.client.okhttp.OpenAIOkHttpClient;
class A { @Value("\${openai.url}") String url; Object f() { return OpenAIOkHttpClient.builder().baseUrl(url).build(); } }\n`,
    })
    assert.equal(sites.find(({ kind }) => kind === 'client')?.base_url, null)
  })
})

test('what code of .NET asks its configuration for is read from appsettings.json', () => {
  const sites = sitesOf({
    'appsettings.Development.json': '{ "OpenAI": { "Model": "gpt-4.1" } }',
    'appsettings.json':
      '{\n  // of all\n  "OpenAI": { "Endpoint": "https://api.openai.com/v1", "ApiKey": "", "Model": "gpt-4o", },\n}\n',
    'Program.cs': `using OpenAI;
using OpenAI.Chat;
var builder = WebApplication.CreateBuilder(args);
var client = new ChatClient(model: builder.Configuration["OpenAI:Model"], new ApiKeyCredential(builder.Configuration["OpenAI:ApiKey"]!), new OpenAIClientOptions { Endpoint = new Uri(builder.Configuration["OpenAI:Endpoint"]!) });
class A { private readonly IConfiguration _configuration;
  void F() { var other = new ChatClient(_configuration.GetValue<string>("OpenAI:Model"), _configuration.GetSection("OpenAI")["ApiKey"]); } }\n`,
  })
  assert.deepEqual(
    sites
      .filter(({ kind }) => kind === 'client')
      .map(({ line, model, base_url: url, auth }) => [line, model, url, auth]),
    [
      [4, 'gpt-4o', 'https://api.openai.com/v1', 'env:OpenAI__ApiKey'],
      [6, 'gpt-4o', null, 'env:OpenAI__ApiKey'],
    ],
  )
})

describe('no credential is told with a finding', () => {
  const key = `sk-proj-${'Zq8Lm2Xv'.repeat(6)}`
  const cases: readonly (readonly [path: string, text: string])[] = [
    [
      'a.py',
      `from openai import OpenAI\nc = OpenAI(api_key2="${key}", extra={"api_key": "hunter-and-2", "other": ["${key}"]})\n`,
    ],
    [
      'a.py',
      `${python}c.chat.completions.create(model="gpt-4o", messages=[], metadata={"apiKey": "hunter-and-2", "n": "1"})\n`,
    ],
    [
      'a.ts',
      "await fetch('https://api.openai.com/v1/models/gpt-4o:generateContent?key=hunter-and-2&alt=sse', { method: 'POST' })\n",
    ],
    ['.env', 'OPENAI_BASE_URL=https://me:hunter-and-2@api.openai.com/v1\n'],
  ]
  for (const [path, text] of cases)
    test(text, () => {
      const sites = sitesOf({ [path]: text })
      assert.notEqual(sites.length, 0)
      assert.doesNotMatch(JSON.stringify(sites), /hunter-and-2|Zq8Lm2Xv/)
    })

  test('what counts tokens, names a variable or stands for a value is told', () => {
    const { parameters } = callOf(
      'a.py',
      `import os\n${python}c.chat.completions.create(model="gpt-4o", messages=[], max_tokens=5, stop_token="x", user=os.environ["USER_KEY"])\n`,
    )
    assert.deepEqual(parameters, { max_tokens: 5, stop_token: 'x', user: 'env:USER_KEY' })
  })
})

test('frameworks of agents: crews, agno, ADK, Strands, AutoGen, Mastra and Vercel’s own', () => {
  const sites = sitesOf({
    'crew.py':
      'from crewai import Agent, Crew, LLM\nllm = LLM(model="gpt-4o", temperature=0.1)\npoet = Agent(role="poet", llm=llm)\nCrew(agents=[poet], tasks=[]).kickoff(inputs={"n": 3})\n',
    'agno.py':
      'from agno.agent import Agent\nfrom agno.models.openai import OpenAIChat\nAgent(model=OpenAIChat(id="gpt-4o", temperature=0.2)).print_response("Hello")\n',
    'adk.py': 'from google.adk.agents import LlmAgent\nroot_agent = LlmAgent(name="a", model="gemini-2.5-flash")\n',
    'strands.py':
      'from strands import Agent\nfrom strands.models.openai import OpenAIModel\nagent = Agent(model=OpenAIModel(model_id="gpt-4o", params={"temperature": 0.7}))\nagent("hello")\n',
    'autogen.py':
      'from autogen_agentchat.agents import AssistantAgent\nfrom autogen_ext.models.openai import OpenAIChatCompletionClient\na = AssistantAgent("x", model_client=OpenAIChatCompletionClient(model="gpt-4o"))\nasync def f():\n  await a.run(task="hello")\n',
    'mastra.ts':
      "import { Agent } from '@mastra/core/agent'\nimport { openai } from '@ai-sdk/openai'\nconst a = new Agent({ name: 'x', model: openai('gpt-4o') })\nawait a.generate('hi')\n",
    'loop.ts':
      "import { ToolLoopAgent } from 'ai'\nimport { openai } from '@ai-sdk/openai'\nconst a = new ToolLoopAgent({ model: openai('gpt-4o'), temperature: 0.1 })\nawait a.stream({ prompt: 'hi' })\n",
  })
  const told = sites
    .filter(({ kind }) => kind === 'call' || kind === 'client')
    .map(
      ({ path, line, kind, model, parameters: { temperature } }) => `${path}:${line} ${kind} ${model} ${temperature}`,
    )
  assert.deepEqual(told.toSorted(), [
    'adk.py:2 client gemini-2.5-flash undefined',
    'agno.py:3 call gpt-4o 0.2',
    'agno.py:3 client gpt-4o 0.2',
    'agno.py:3 client gpt-4o 0.2',
    'autogen.py:3 client gpt-4o undefined',
    'autogen.py:3 client gpt-4o undefined',
    'autogen.py:5 call gpt-4o undefined',
    'crew.py:2 client gpt-4o 0.1',
    'crew.py:3 client gpt-4o 0.1',
    'crew.py:4 call null undefined',
    'crew.py:4 client null undefined',
    'loop.ts:3 client gpt-4o 0.1',
    'loop.ts:4 call gpt-4o 0.1',
    'mastra.ts:3 client gpt-4o undefined',
    'mastra.ts:4 call gpt-4o undefined',
    'strands.py:3 client gpt-4o 0.7',
    'strands.py:3 client gpt-4o 0.7',
    'strands.py:4 call gpt-4o 0.7',
  ])
})

test('clients of LangChain for Java beyond chats, and chains of it for Go, are known', () => {
  const sites = sitesOf({
    'A.java': `import dev.langchain4j.model.openai.OpenAiModerationModel;
import dev.langchain4j.model.github.GitHubModelsChatModel;
class A { void f() {
  OpenAiModerationModel moderation = OpenAiModerationModel.builder().modelName("omni-moderation-latest").build();
  moderation.moderate("x");
  GitHubModelsChatModel chat = GitHubModelsChatModel.builder().modelName("gpt-4o").build();
  chat.chat("x"); } }\n`,
    'a.go': `package main
import ("context"; "github.com/tmc/langchaingo/chains"; "github.com/tmc/langchaingo/llms/openai")
func main() {
	llm, _ := openai.New(openai.WithModel("gpt-4o"))
	chain := chains.NewLLMChain(llm, prompt)
	chains.Run(context.Background(), chain, "x")
}\n`,
  })
  assert.deepEqual(
    sites.filter(({ kind }) => kind === 'call').map(({ path, line, sdk, endpoint }) => [path, line, sdk, endpoint]),
    [
      ['A.java', 5, 'langchain4j', 'moderations'],
      ['A.java', 7, 'langchain4j', 'chat'],
      ['a.go', 6, 'langchain', 'chat'],
    ],
  )
})

test('agents of smolagents ask where the model that they are given asks', () => {
  const sites = sitesOf({
    'a.py': `from smolagents import CodeAgent, InferenceClientModel, LiteLLMModel, OpenAIServerModel
model = OpenAIServerModel(model_id="gpt-4o", api_base="https://api.openai.com/v1", temperature=0.3)
CodeAgent(tools=[], model=model).run("Hello")
LiteLLMModel(model_id="anthropic/claude-sonnet-4-5", max_tokens=9).generate([])
asked = InferenceClientModel(model_id="Qwen/Qwen2.5-72B-Instruct")
asked([])\n`,
  })
  const calls = sites.filter(({ kind }) => kind === 'call')
  assert.deepEqual(
    calls.map(({ line, model, base_url: url, endpoint }) => [line, model, url, endpoint]),
    [
      [3, 'gpt-4o', 'https://api.openai.com/v1', 'chat'],
      [4, 'anthropic/claude-sonnet-4-5', null, 'chat'],
      [6, 'Qwen/Qwen2.5-72B-Instruct', null, 'chat'],
    ],
  )
  assert.deepEqual(calls[0]?.parameters, { tools: [], temperature: 0.3 })
})

describe('lines of settings that set several things', () => {
  const cases: readonly (readonly [path: string, line: string, found: readonly string[]])[] = [
    ['Dockerfile', 'ENV OPENAI_API_BASE=https://api.openai.com/v1 MODEL_NAME=gpt-4', ['base-url', 'model gpt-4']],
    ['Dockerfile', 'ENV LLM_MODEL=gpt-4o \\', ['model gpt-4o']],
    ['main.tf', '{ name = "OPENAI_MODEL", value = "gpt-4o" },', ['model gpt-4o']],
    [
      'main.tf',
      'environment = [{ name = "OPENAI_BASE_URL", value = "https://api.openai.com/v1" }, { name = "OPENAI_MODEL", value = "gpt-4o" }]',
      ['base-url', 'model gpt-4o'],
    ],
    ['values.yaml', '- {name: LLM_MODEL, value: "claude-haiku-4-5"}', ['model claude-haiku-4-5']],
    ['values.yaml', 'llm: { model: gpt-4o, base_url: "https://api.openai.com/v1" }', ['model gpt-4o', 'base-url']],
    ['values.yaml', 'model: "{{ .Values.llm.model }}"', []],
  ]
  for (const [path, line, found] of cases)
    test(line, () =>
      assert.deepEqual(
        sitesOf({ [path]: `${line}\n` }).map(({ kind, model }) => (model === null ? kind : `${kind} ${model}`)),
        found,
      ),
    )
})

describe('code that goes round in circles is read to its end', () => {
  test('files that hand on each other', () => {
    const sites = sitesOf({
      'one.py': 'import openai\nfrom two import *\nfrom two import y\nx = y\nx.chat.completions.create(model=m)\n',
      'two.py': 'import openai\nfrom one import *\nfrom one import x\ny = x\nm = m\n',
    })
    assert.deepEqual(
      sites.map(({ kind, path, line }) => `${kind} ${path}:${line}`),
      ['call one.py:5'],
    )
  })

  test('many files that all hand on all others', () => {
    const names = Array.from({ length: 16 }, (_, index) => `m${index}`)
    const files = names.map((name): [string, string] => [
      `${name}.py`,
      `import openai\n${names.map((other) => `from ${other} import *\n`).join('')}openai.chat.completions.create(model=missing)\n`,
    ])
    assert.equal(sitesOf(Object.fromEntries(files)).length, names.length)
  })

  test('names each of which is made of two others that are not known', () => {
    const lines = Array.from({ length: 50 }, (_, index) => `  v${index + 2} = v${index + 1} + v${index}`)
    const call = callOf(
      'a.py',
      `${python}def f(a, b):\n  v0 = a\n  v1 = b\n${lines.join('\n')}\n  c.chat.completions.create(model=v51)\n`,
    )
    assert.equal(call.model, null)
  })
})
