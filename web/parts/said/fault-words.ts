/**
 * What is wrong with a setting of drover.yaml, in Chinese: the schemas and the loader word a fault once, in English, for the terminal and the log. `{a}` stands for what is
 * filled in; a test holds these forms against the sources. The first that fits counts, so that the narrow ones come first.
 */

const forms: readonly (readonly [english: string, chinese: string])[] = [
  ["'drover migrate start' starts it", '“drover migrate start”可启动'],
  ["it starts by itself at its date, 'drover migrate abort' cancels it", '到期自动启动，“drover migrate abort”可取消'],
  ['it is under way', '正在进行'],
  ["'drover migrate resume' lets it go on", '“drover migrate resume”可继续'],
  ['traffic is on its way back', '流量正在回退'],
  ['traffic is at the baseline; start it anew from its file', '流量在基线，请从其文件重新启动'],
  [
    "traffic is at the candidate; 'drover migrate rollback' takes it back",
    '流量在候选，“drover migrate rollback”可回退',
  ],
  ['must be more than in the step before', '须大于上一步'],
  ['must be a percentage in quotes, such as "{a}"', '须为带引号的百分比，如“{a}”'],
  [
    'must be header:NAME, body:FIELD (a.b for a field of a field), hash:prefix or api_key',
    '须为 header:名称、body:字段（字段的字段写作 a.b）、hash:prefix 或 api_key',
  ],
  [
    'is not chosen one by one: with param_policy: shim parameters are adjusted as the catalog has them for the model, each with a warning',
    '不能逐项选择：param_policy: shim 时，参数按目录中该模型的规则调整，每项都有警告',
  ],
  [
    'is missing: list the ids of the projects whose owners agree that {a}, or write all',
    '缺少：请列出其所有者同意的项目 ID，或写 all',
  ],
  [
    'cannot be read: list the ids of the projects whose owners agree that {a}, or write all',
    '无法读取：请列出其所有者同意的项目 ID，或写 all',
  ],
  ['cannot be read', '无法读取'],
  ['the request does not say where this server is', '请求未说明服务器地址'],
  [
    'a passkey belongs to a name, and {a} is a number: open http://localhost',
    '通行密钥须用域名，而 {a} 是 IP 地址：请打开 http://localhost',
  ],
  ["the operator must set 'server.public_url'", '运维者须设置 server.public_url'],
  [
    "refers to this server's secrets ('{a}:'), which a provider that is applied may not: whoever says where it is reached would be sent them. Write the credential itself, which is kept encrypted and never shown, or declare the provider in drover.yaml, on the machine of the server",
    '引用了本服务器的密文（“{a}:”）。应用的供应商不能引用：指定其地址的人会收到密文。请直接写出凭据（加密保存且不再显示），或在服务器的 drover.yaml 中声明该供应商',
  ],
  [
    'names a file of this server, which a provider that is applied may not: leave it out, or declare the provider in drover.yaml, on the machine of the server',
    '指向本服务器的文件。应用的供应商不能使用：请去掉，或在服务器的 drover.yaml 中声明该供应商',
  ],
  [
    "names a way through this server's network, which a provider that is applied may not: leave it out, or declare the provider in drover.yaml, on the machine of the server",
    '指向本服务器网络中的代理。应用的供应商不能使用：请去掉，或在服务器的 drover.yaml 中声明该供应商',
  ],
  ['names {a}, which a provider that is applied may not: leave it out, {b}', '应用的供应商不能使用此项：请去掉'],
  ["must be the credential itself, 1 to {a} characters, or 'kept'", '须为凭据本身（1 至 {a} 个字符），或 kept'],
  ["must be a list of 1 to {a} credentials, or 'kept'", '须为 1 至 {a} 个凭据的列表，或 kept'],
  [
    'cannot stand in a header: it holds a line break or a character outside ASCII',
    '不能用于标头：含换行或非 ASCII 字符',
  ],
  ["needs 'api_key': vendor '{a}' asks for one", '缺少 api_key：厂商“{a}”需要密钥'],
  ['is the sandbox of every Drover: choose another name', '是每个 Drover 自带的沙盒，请换一个名称'],
  [
    'is there by its key in the environment of the server, which counts more: choose another name',
    '已由服务器环境变量中的密钥提供（优先），请换一个名称',
  ],
  [
    'is declared in drover.yaml (managed by file): change it there, and take it out here',
    '在 drover.yaml 中声明（由文件管理）：请在该文件中更改，并从此处去掉',
  ],
  [
    'says that a credential is kept, and there is none of this provider here: give the credential itself',
    '写作 kept，但这里没有此供应商的凭据：请给出凭据本身',
  ],
  [
    'is kept for another vendor, address or options, and goes nowhere else: give the credential itself where one of these changes',
    '已有凭据仅用于原来的厂商、地址与选项：更改其中任一项时，请重新给出凭据本身',
  ],
  ['is none that is kept: give its value', '没有已保存的值：请给出'],
  [
    'would open the private network of the server to whoever has an admin key. Apply the file on the machine of the server, or say applied: { allow_private: true } in drover.yaml',
    '会使持有管理密钥的人能访问服务器的内网。请在服务器本机应用该文件，或在 drover.yaml 中设置 applied: { allow_private: true }',
  ],
  [
    "may be said only where the address is the vendor's own: credentials of customers would be sent to another one. Leave it out, or declare the provider in drover.yaml",
    '仅当地址为厂商自己的地址时才可设置：否则客户的凭据会发往别处。请去掉，或在 drover.yaml 中声明该供应商',
  ],
  ['names another token_uri than {a}, which this server does not ask', 'token_uri 不是 {a}，本服务器不会访问'],
  [
    'is new, and needs billing: prepaid, postpaid or unlimited',
    '是新账户，须写明 billing：prepaid、postpaid 或 unlimited',
  ],
  [
    'is {a}, and the kind of an account is not changed. Make another account',
    '为 {a}，账户的计费方式不能更改，请新建账户',
  ],
  ['is closed, for good', '已永久关闭'],
  ['is archived, for good', '已永久归档'],
  ['is {a}: take it out of the file, or give the key another name', '状态为 {a}：请从文件中去掉，或换一个密钥名称'],
  [
    '{a}: a key is not changed. Give the new one another name, and revoke this one',
    '{a}：密钥不能更改。请为新密钥换一个名称，并撤销此密钥',
  ],
  ['is there twice: a subject has one budget for a model and a period', '重复：同一对象、模型与周期只有一个预算'],
  ["'{a}' is there twice, and is granted once. Give each its own id", '“{a}”重复，而只授予一次。请使用不同的 id'],
  ["there is no plan '{a}', here or in this file", '这里与此文件中都没有套餐“{a}”'],
  ['is {a}, and regions of a project are not changed', '为 {a}，项目的区域不能更改'],
  [
    "needs an id (letters, digits, '.', ':', '_', '-'), by which it is granted once",
    '须有 id（字母、数字、“.”、“:”、“_”、“-”），凭此只授予一次',
  ],
  [
    "'{a}' was granted with {b} USD, and a grant is not changed. Give another id, or use 'drover credits adjust'",
    '“{a}”已授予 {b} 美元，授予不能更改。请换一个 id，或使用“drover credits adjust”',
  ],
  ['is not known here. {a}Known: {b}', '此处未知；可用：{b}'],
  ['is not known here. Known: {a}', '此处未知；可用：{a}'],
  ["'{a}' is no field here; did you mean '{b}'?", '“{a}”不是此处的字段；是否指“{b}”？'],
  ["'{a}' is no field here. Known here: {b}", '“{a}”不是此处的字段；可用：{b}'],
  ["'{a}' must {b}", '“{a}”的值不符合要求（must {b}）'],
  ['needs a unit: {a} of what? Write for example {b}', '缺少单位：例如 {b}'],
  [
    'must be a whole number with a unit (ms, s, m, h or d), for example 30s',
    '须为带单位（ms、s、m、h 或 d）的整数，例如 30s',
  ],
  [
    'must be a whole number with a unit (b, kb, mb or gb), for example 32mb',
    '须为带单位（b、kb、mb 或 gb）的整数，例如 32mb',
  ],
  [
    'must be a decimal string, so that no digit is lost: write it in quotes, "{a}"',
    '须为小数字符串，以免丢失数位：请加引号，写作 "{a}"',
  ],
  ['must be a decimal string such as "0.25"', '须为小数字符串，例如 "0.25"'],
  [
    'must be a decimal of zero or more with at most 9 digits before and 9 after the point, such as "0.25"',
    '须为不小于零的小数，小数点前后各最多 9 位，例如 "0.25"',
  ],
  ['must be a percentage: 10 or 10%', '须为百分比：10 或 10%'],
  ['must be from {a} to 100 percent', '须在 {a} 至 100% 之间'],
  [
    'holds a literal secret, which is refused: put the secret into an environment variable and write "env:NAME", or into a file and write "file:/path"{a}',
    '包含明文密文，已拒绝：请将其放入环境变量并写作 "env:NAME"，或放入文件并写作 "file:/path"{a}',
  ],
  [
    'holds a literal secret, which is refused: put the secret into an environment variable and write "env:NAME", or into a file and write "file:/path"',
    '包含明文密文，已拒绝：请将其放入环境变量并写作 "env:NAME"，或放入文件并写作 "file:/path"',
  ],
  [
    'holds a literal secret, which is refused: put the secret into an environment variable and write "env:NAME"',
    '包含明文密文，已拒绝：请将其放入环境变量并写作 "env:NAME"',
  ],
  [
    'holds a literal secret, which is refused: put the whole URL into an environment variable and write "env:NAME"',
    '包含明文密文，已拒绝：请将整个 URL 放入环境变量并写作 "env:NAME"',
  ],
  [
    'holds a literal secret, which is refused: write "username" and "password: env:NAME" beside it, or put the whole URL into an environment variable and write "env:NAME"',
    '包含明文密文，已拒绝：请另写 "username" 与 "password: env:NAME"，或将整个 URL 放入环境变量并写作 "env:NAME"',
  ],
  ['must be a reference to a secret: "env:NAME" or "file:/path"', '须为密文的引用："env:NAME" 或 "file:/path"'],
  ['names no environment variable: write "env:NAME"', '未指明环境变量：请写作 "env:NAME"'],
  ['names nothing behind "{a}:"', '“{a}:”之后没有内容'],
  ['must be an absolute URL ({a})', '须为绝对 URL（{a}）'],
  [
    "must begin with https://, or 'allow_private: true' says that it is on the own network",
    '须以 https:// 开头；若位于内网，请设置 allow_private: true',
  ],
  ['must begin with {a}', '须以 {a} 开头'],
  ['must be a URL, or a reference ("env:NAME") to one', '须为 URL，或其引用（"env:NAME"）'],
  ['must be a URL', '须为 URL'],
  ['must be text: write it in quotes, "{a}"', '须为文本：请加引号，写作 "{a}"'],
  ['must be text', '须为文本'],
  ['must not be empty', '不能为空'],
  ['must not be longer than {a} characters', '不能超过 {a} 个字符'],
  ['must be one line without control characters', '须为一行，且不含控制字符'],
  [
    "must be a name for {a}: letters, digits, '.', '_' and '-', at most 64 characters",
    '须为名称：字母、数字、“.”、“_”与“-”，最多 64 个字符',
  ],
  ['must be a whole number from {a} to {b}', '须为 {a} 至 {b} 的整数'],
  ['must be a number from 0.9 to 1', '须为 0.9 至 1 的数'],
  [
    'must be 0.9 or more: below it other questions are taken for the same one',
    '须不小于 0.9：更低会把不同的问题视为相同',
  ],
  ['must be {a} or more', '须不小于 {a}'],
  ['must be {a} or less', '须不大于 {a}'],
  ['must be at least {a} and at most {b}', '须不小于 {a} 且不大于 {b}'],
  ['must be at least {a}', '须不小于 {a}'],
  ['must be at most {a}', '须不大于 {a}'],
  [
    'leads to a key that is too short: it needs {a} characters or more, as from "openssl rand -hex 32"',
    '所引用的密钥过短：至少 {a} 个字符，例如由 "openssl rand -hex 32" 生成',
  ],
  ['leads to a key that is too short: it needs {a} characters or more', '所引用的密钥过短：至少 {a} 个字符'],
  ["is the name of another issuer: '{a}'", '与另一身份提供方重名：“{a}”'],
  ['is zero: write "price: free" where calls are to cost nothing on purpose', '为零：若有意免费，请写作 "price: free"'],
  ["there is no provider '{a}'; did you mean '{b}'?", '没有供应商“{a}”；是否指“{b}”？'],
  ["there is no provider '{a}'; there are {b}: {c}", '没有供应商“{a}”；现有 {b}。请在 providers 中声明，或改用现有的'],
  ["there is no provider '{a}': {b}", '没有供应商“{a}”：请在 providers 中声明'],
  ["'{a}' already means the model '{b}'", '“{a}”已指模型“{b}”'],
  ['is the model itself: name another one', '即该模型自身：请指明另一个'],
  [
    "there is no model '{a}' here{b}: declare it under 'models', or write provider/model",
    '没有模型“{a}”：请在 models 中声明，或写作 供应商/模型',
  ],
  [
    "there is no model '{a}' here: declare it under 'models', or write provider/model",
    '没有模型“{a}”：请在 models 中声明，或写作 供应商/模型',
  ],
  [
    'needs \'secret\', for example secret: "env:WEBHOOK_SECRET": without it a receiver cannot tell who posts',
    '缺少 secret，例如 secret: "env:WEBHOOK_SECRET"：否则接收方无法确认来源',
  ],
  ['does not lead to a URL', '所引用的不是 URL'],
  ['must have exactly one of mail, webhook and slack, not {a}', 'mail、webhook 与 slack 须且只能有一个，而不是 {a}'],
  ['must have exactly one of mail, webhook and slack', 'mail、webhook 与 slack 须且只能有一个'],
  ["signs webhooks only: leave it out, or give 'webhook'", '仅用于 webhook 签名：请去掉，或填写 webhook'],
  ["needs the block 'mail' with smtp and from", '需要含 smtp 与 from 的 mail 块'],
  ["'{a}' has no figure to compare: leave it out", '“{a}”没有可比较的数值：请去掉'],
  ['must be a duration such as 30s, or off', '须为时长，例如 30s，或 off'],
  ['must be a duration such as 800ms, or off', '须为时长，例如 800ms，或 off'],
  ['must be a duration such as {a}', '须为时长，例如 {a}'],
  [
    'must be a duration (50ms), a percentage ("1%") or a quoted decimal ("100")',
    '须为时长（50ms）、百分比（"1%"）或带引号的小数（"100"）',
  ],
  ['must be a percentage with at most two places, such as {a}', '须为最多两位小数的百分比，例如 {a}'],
  ['must be a percentage in quotes, such as {a}', '须为带引号的百分比，例如 {a}'],
  [
    'must be a percentage such as {a}, {b}, with at most 2 digits after the point',
    '须为最多两位小数的百分比，例如 {a}',
  ],
  ['must be a percentage such as {a}', '须为百分比，例如 {a}'],
  ['must be an amount in USD such as "100"', '须为美元金额，例如 "100"'],
  ['is no recipient; there are {a}', '没有此接收方；现有 {a}'],
  [
    "reaches nobody: there is no block 'recipients'. The alert is kept among the events only",
    '无人接收：没有 recipients 块，告警仅保留在事件中',
  ],
  ['does not lead to an address that begins with smtp:// or smtps://', '所引用的地址不以 smtp:// 或 smtps:// 开头'],
  ['leads to a key that is not RSA', '所引用的密钥不是 RSA'],
  ['leads to no private key in PEM', '所引用的不是 PEM 私钥'],
  ['leads to no public key or certificate in PEM', '所引用的不是 PEM 公钥或证书'],
  ['leads to no key of Stripe: they begin with sk_ or rk_', '所引用的不是 Stripe 密钥：应以 sk_ 或 rk_ 开头'],
  [
    'leads to no signing secret of a webhook: they begin with whsec_',
    '所引用的不是 webhook 签名密文：应以 whsec_ 开头',
  ],
  ['leads to a key that is not 32 bytes long', '所引用的密钥长度不是 32 字节'],
  [
    'payments.alipay has alipay_public_key and certificates: leave one of them out',
    'payments.alipay 同时有 alipay_public_key 与 certificates：请去掉其一',
  ],
  ['must be above zero', '须大于零'],
  ['is off: {a}', '未启用：{a}'],
  ["must not be less than 'min'", '不能小于 min'],
  ['{a} has a rate already', '{a} 已有汇率'],
  ["'{a}' is no vendor that is known here{b}", '不认识的供应商类型“{a}”{b}'],
  ["'{a}' is no vendor that is known here", '不认识的供应商类型“{a}”'],
  ['must end with the path: no ? and no #', '须以路径结尾：不含 ? 与 #'],
  ['has no path; most servers want the version segment: {a}', '没有路径；多数服务器需要版本段：{a}'],
  [
    "vendor '{a}' has no address for this region (it has {b}){c}; choose one, or give base_url",
    '供应商类型“{a}”没有该区域的地址（现有 {b}）：请选择其一，或填写 base_url',
  ],
  [
    "vendor '{a}' has no address for this region (it has {b}); choose one, or give base_url",
    '供应商类型“{a}”没有该区域的地址（现有 {b}）：请选择其一，或填写 base_url',
  ],
  [
    "needs 'allow_private: true', because vendor '{a}' runs on this machine ({b})",
    '需要 allow_private: true，因为供应商类型“{a}”运行于本机（{b}）',
  ],
  ["needs 'base_url': vendor '{a}' has no address of its own", '缺少 base_url：供应商类型“{a}”没有固定地址'],
  ["needs 'api_key', for example api_key: {a}", '缺少 api_key，例如 api_key: {a}'],
  ["unknown option: vendor '{a}' has {b}", '未知选项：供应商类型“{a}”有 {b}'],
  ["vendor '{a}' does not speak '{b}'; it speaks {c}", '供应商类型“{a}”不支持“{b}”；支持 {c}'],
  ['names a file without a certificate in PEM ({a})', '所指文件中没有 PEM 证书（{a}）'],
  [
    'must lead to redis://HOST:PORT, rediss://, redis+cluster://HOST:PORT,HOST:PORT or redis+sentinel://HOST:PORT,HOST:PORT/MASTER',
    '须指向 redis://HOST:PORT、rediss://、redis+cluster://HOST:PORT,HOST:PORT 或 redis+sentinel://HOST:PORT,HOST:PORT/MASTER',
  ],
  ['names a place that is not HOST:PORT', '其中有地址不是 HOST:PORT'],
  [
    'names several servers: write redis+cluster:// for a cluster, redis+sentinel:// for sentinels',
    '指明了多台服务器：集群请写 redis+cluster://，哨兵请写 redis+sentinel://',
  ],
  [
    'names no master: redis+sentinel://HOST:PORT,HOST:PORT/MASTER',
    '未指明主节点：redis+sentinel://HOST:PORT,HOST:PORT/MASTER',
  ],
  ['names a database, and a cluster has only one', '指明了数据库，而集群只有一个'],
  ['names a database that is no number', '所指数据库不是数字'],
  ['lists sentinels: write them as one redis+sentinel:// URL', '列出了哨兵：请写成一个 redis+sentinel:// URL'],
  ['is of no use without encryption: write rediss://', '未加密时无效：请写 rediss://'],
  [
    'nothing says where Vault is: set secrets.vault.address, or VAULT_ADDR',
    '未指明 Vault 的地址：请设置 secrets.vault.address 或 VAULT_ADDR',
  ],
  ['VAULT_ADDR is no URL', 'VAULT_ADDR 不是 URL'],
  [
    'AWS_CONTAINER_CREDENTIALS_FULL_URI (or RELATIVE_URI) is no https URL and none of an agent of AWS',
    'AWS_CONTAINER_CREDENTIALS_FULL_URI（或 RELATIVE_URI）既不是 https URL，也不是 AWS 代理的地址',
  ],
  [
    'no access key for AWS: set secrets.aws.access_key_id and secret_access_key, or the variables of these names',
    '没有 AWS 访问密钥：请设置 secrets.aws.access_key_id 与 secret_access_key，或同名环境变量',
  ],
  [
    'needs an engine that searches by vectors, and the embedded store has none: set "store.url" to a Postgres with the extension pgvector, or remove the block',
    '需要支持向量检索的引擎，而内嵌存储没有：请将 store.url 指向带 pgvector 扩展的 Postgres，或删除此块',
  ],
  ['names nobody: give it keys or projects, or remove it', '未指明对象：请填写密钥或项目，或将其删除'],
  ['must lead to sqlite:PATH or postgres://…', '须指向 sqlite:PATH 或 postgres://…'],
  ['must lead to postgres://…', '须指向 postgres://…'],
  [
    'has a certificate without its key, or a key without its certificate: give cert_file and key_file',
    '证书与密钥只给出了一个：请同时填写 cert_file 与 key_file',
  ],
  ['is about a Postgres, and store.url leads to none', '仅用于 Postgres，而 store.url 不指向 Postgres'],
  [
    'is not used: it is about several nodes, and they need a store that they can share. Set "store.url" to postgres://…, or leave it out',
    '不会生效：它用于多个节点，而多节点需要共用的存储。请将 store.url 设为 postgres://…，或将其去掉',
  ],
  [
    'is needed with Postgres: every node must have the same key, as from "openssl rand -hex 32"',
    '使用 Postgres 时必填：每个节点须有相同的密钥，例如由 "openssl rand -hex 32" 生成',
  ],
  ['this is not sound YAML: {a}', '不是正确的 YAML：{a}'],
  ['is the port of the relay itself: choose another one', '即中继自身的端口：请换一个'],
  ['names no plan of this file: {a}', '此文件中没有该套餐：现有 {a}'],
  [
    'needs a Postgres in store.url: the embedded store keeps no months, remove it',
    '需要 store.url 指向 Postgres：内嵌存储不按月保存，请将其删除',
  ],
  [
    "is an option of vendor '{a}': write it as options: { {b}: … }",
    '是供应商类型“{a}”的选项：请写作 options: { {b}: … }',
  ],
  ['there is no folder {a}: no migration is declared until it is made', '没有文件夹 {a}：建立之前不声明任何迁移'],
  [
    "there is no such file: create one with 'drover init', or name another with --config",
    '没有此文件：请用“drover init”生成，或以 --config 指明另一个',
  ],
  ['cannot be read ({a}): check that this user may read it', '无法读取（{a}）：请检查当前用户是否有权读取'],
  ['is larger than {a} bytes, and is therefore not read', '大于 {a} 字节，未读取'],
  ['there is no such file', '没有此文件'],
  ['this user may not read it', '当前用户无权读取'],
  ['it is a folder', '它是文件夹'],
  ['it is larger than {a} bytes', '大于 {a} 字节'],
  ['names the file {a} (for {b}), which cannot be read: {c}', '所指文件 {a}（用于 {b}）无法读取：{c}'],
  [
    'names the environment variable {a} (for {b}), which is {c}: set it, or change the reference',
    '所指环境变量 {a}（用于 {b}）未设置或为空：请设置它，或更改引用',
  ],
  ['names the file {a} (for {b}), which is empty', '所指文件 {a}（用于 {b}）为空'],
  [
    'names a secret manager (for {a}), which cannot be asked here: use "env:NAME" or "file:/path"',
    '引用了密文管理器（用于 {a}），此处无法读取：请改用 "env:NAME" 或 "file:/path"',
  ],
  ["names '{a}' (for {b}), which is empty", '所指“{a}”（用于 {b}）为空'],
  ["names '{a}' (for {b}), which cannot be read: {c}", '所指“{a}”（用于 {b}）无法读取：{c}'],
  [
    'leads to a value (for {a}) that cannot stand in a header: it holds a line break or a character outside ASCII',
    '所引用的值（用于 {a}）不能用于标头：含换行或非 ASCII 字符',
  ],
  ["must be a block of keys such as 'server' and 'providers'", '须为键值块，例如 server 与 providers'],
  ['must be a block of keys', '须为键值块'],
  ['must be a list', '须为列表'],
  ['must be true or false', '须为 true 或 false'],
  ['must be a number', '须为数字'],
  ["must be one of {a}; did you mean '{b}'?", '须为以下之一：{a}；是否指“{b}”？'],
  ['must be one of {a}', '须为以下之一：{a}'],
  ["unknown key; did you mean '{a}'?", '未知的键；是否指“{a}”？'],
  ['unknown key; nothing can be set here', '未知的键；此处没有可设置的内容'],
  ['unknown key; known here: {a}', '未知的键；此处可用：{a}'],
  ["needs '{a}', which is missing", '缺少“{a}”'],
  ['is empty: give it a value, or remove it', '为空：请填写，或将其删除'],
  ["'{a}' is not available in this version: remove the block. For now: {b}", '此版本不提供“{a}”：请删除该块（{b}）'],
  ["must be capital letters, digits and '-'", '须为大写字母、数字与“-”'],
  ['must be an IP address or a network such as 10.0.0.0/8', '须为 IP 地址或网段，例如 10.0.0.0/8'],
  ['must be an address or a host name, without a scheme and without a port', '须为地址或主机名，不含协议与端口'],
  [
    'must be an origin such as https://app.example.com, without a path',
    '须为来源，例如 https://app.example.com，不含路径',
  ],
  ["must be letters, digits, '.', '_' and '-'", '须为字母、数字、“.”、“_”与“-”'],
  ["must be letters, digits and '-'", '须为字母、数字与“-”'],
  ['must be a currency such as CNY', '须为币种，例如 CNY'],
  ['must be a day such as 2026-01-31', '须为日期，例如 2026-01-31'],
  ['must be CNY: prices are in USD or CNY', '须为 CNY：价格以 USD 或 CNY 计'],
  ['must be provider/model', '须为 供应商/模型'],
  [
    'must be header:NAME, body:FIELD (a.b for a field of a field), hash:prefix or api_key',
    '须为 header:NAME、body:FIELD（下级字段写作 a.b）、hash:prefix 或 api_key',
  ],
  ['must be a mail address', '须为邮箱地址'],
  ['is no event; there are {a}', '没有此事件；现有 {a}'],
  ['must be the name of a header', '须为标头名称'],
  ['must be the name of an HTTP header', '须为 HTTP 标头名称'],
  ['must be USD or CNY', '须为 USD 或 CNY'],
  ['must not be more than 100%', '不能超过 100%'],
  ['must not refer back to a group', '不能反向引用分组'],
  ['must not repeat a group in which something is repeated already', '不能重复其内已有重复的分组'],
  ['must not match the empty text', '不能匹配空文本'],
  ['is no regular expression of JavaScript', '不是 JavaScript 正则表达式'],
  [
    'checks nothing: give find, patterns, prompt_max, an allow-list or webhook',
    '未检查任何内容：请填写 find、patterns、prompt_max、允许列表或 webhook',
  ],
  [
    'takes out what find and patterns name: write what refuses a call as a guardrail of its own',
    '仅去除 find 与 patterns 所指的内容：拒绝调用的部分请另写一条护栏',
  ],
  ['checks requests: write when: request', '检查的是请求：请写 when: request'],
  [
    'limits nothing: give rpm, rpd, tpm, tpd or concurrency',
    '未限制任何内容：请填写 rpm、rpd、tpm、tpd 或 concurrency',
  ],
  ['stands beside api_key: keep one of the two', '与 api_key 并存：请只保留其一'],
  [
    'must be a model id: visible ASCII characters without blanks, at most 200',
    '须为模型 ID：不含空格的可见 ASCII 字符，最多 200 个',
  ],
  ['must be name=value', '须为 name=value'],
  ['needs at least one target', '至少需要一个目标'],
  ['must be the path of a mount', '须为挂载路径'],
  ['must be a region such as eu-central-1', '须为区域，例如 eu-central-1'],
  [
    'must be sqlite:PATH, postgres://…, or a reference ("env:NAME") to one',
    '须为 sqlite:PATH、postgres://…，或其引用（"env:NAME"）',
  ],
  [
    'must be redis://HOST:PORT, rediss:// (encrypted), redis+cluster://HOST:PORT,HOST:PORT, redis+sentinel://HOST:PORT,HOST:PORT/MASTER, or a reference ("env:NAME") to one',
    '须为 redis://HOST:PORT、rediss://（加密）、redis+cluster://HOST:PORT,HOST:PORT、redis+sentinel://HOST:PORT,HOST:PORT/MASTER，或其引用（"env:NAME"）',
  ],
  ['must name a server', '须指明服务器'],
  ['must have at least five different characters', '至少要有五个不同的字符'],
  ['must have at least {a} characters', '至少要有 {a} 个字符'],
  ['must not have more than {a} characters', '不能超过 {a} 个字符'],
  ['must not be made of the mail address', '不能由邮箱地址构成'],
  ['is one of those that are tried first', '属于最先被尝试的常见密码'],
  ["there is no provider '{a}'{b}: {c}", '没有供应商“{a}”{b}：请在 providers 中声明'],
  ['unknown option: {a}', '未知选项：{a}'],
  ['lists servers with and without encryption', '同时列出了加密与未加密的服务器'],
  ['is missing', '未填写'],
  ['must be of type {a}', '类型须为 {a}'],
  ['must have at least {a} members', '至少要有 {a} 项'],
  ['must not have more than {a} members', '不能超过 {a} 项'],
  ['must be more than nothing', '须大于零'],
  ['must be more or less than nothing', '不能为零'],
  ['must be more than {a}', '须大于 {a}'],
  ['must be less than {a}', '须小于 {a}'],
  ['Invalid email address', '不是邮箱地址'],
  ['Invalid URL', '不是 URL'],
  ['Invalid {a}', '格式不对'],
  ['must be like {a}', '形式须如 {a}'],
  ['{a} is not given', '未填写 {a}'],
  ['cannot be read: {a}', '无法读取：{a}'],
  ["must be {a}; did you mean '{b}'?", '须为 {a}；是否指“{b}”？'],
  ['must be {a}', '须为 {a}'],
]

type Form = { readonly fits: RegExp; readonly chinese: string; readonly places: readonly string[] }

const compiled: readonly Form[] = forms.map(([english, chinese]) => {
  const places: string[] = []
  const parts = english.split(/\{(\w)\}/g).map((part, at) => {
    if (at % 2 === 0) return part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
    places.push(part)
    return '(.+?)'
  })
  return { fits: new RegExp(`^${parts.join('')}$`, 's'), chinese, places }
})

/** A fault in Chinese; `null` = nothing here fits it. */
export const faultInChinese = (fault: string): string | null => {
  for (const { fits, chinese, places } of compiled) {
    const found = fits.exec(fault)
    if (found === null) continue
    return chinese.replace(/\{(\w)\}/g, (whole, place: string) => {
      const at = places.indexOf(place)
      return at === -1 ? whole : (found[at + 1] ?? '')
    })
  }
  return null
}
