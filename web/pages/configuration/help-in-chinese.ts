/** What the relay says of each setting, in Chinese, by its own English sentence: one that changes there is missing here, and a test says so. */

export const helpInChinese: Readonly<Record<string, string>> = {
  'Listening and limits of requests.': '监听地址与请求上限。',
  'The address that the relay listens on. `0.0.0.0` or `::` = every address of the machine.':
    '中继监听的地址。`0.0.0.0` 或 `::` 表示本机所有地址。',
  'The port. 0 = any free one, told in the `listening` line.': '端口。0 表示任一空闲端口，见 `listening` 日志行。',
  'Processes that serve on this port. `auto` = as many as the machine has cores. `--workers` says it too.':
    '在此端口服务的进程数。`auto` 与机器核数相同。也可用 `--workers` 指定。',
  'The address under which callers reach the relay, as it appears in messages, mails and pages.':
    '调用方访问中继的地址，用于消息、邮件与页面。',
  'What this server is. A key made for another environment (`--env`) is refused here.':
    '本服务器的用途。为其他环境（`--env`）创建的密钥在此会被拒绝。',
  'The largest request body that is not a form. Larger ones are refused with 413.':
    '非表单请求体的最大值，超过则返回 413。',
  'The largest multipart form (files, audio, images). It is spooled to disk, not kept in memory.':
    'multipart 表单（文件、音频、图片）的最大值。内容暂存到磁盘，不占内存。',
  'How long calls are still taken after SIGTERM while `/health/readiness` says 503: the time in which a balancer notices. Answers close their connections meanwhile.':
    '收到 SIGTERM 后，在 `/health/readiness` 返回 503 期间继续接收调用的时长，供负载均衡察觉。期间的应答会关闭连接。',
  'How long open streams may take to finish after SIGTERM.': '收到 SIGTERM 后，未结束的流最多还可持续多久。',
  'When new calls are refused so that those under way stay fast. A full heap does it as well (85 to 95 %).':
    '何时拒绝新调用，以保证进行中的调用仍然快速。堆将满时（85% 至 95%）同样会拒绝。',
  'From this lasting delay of the event loop, or of the line of calls that wait for it, on, new calls begin to be refused with 503; all of them at four times of it.':
    '事件循环的持续延迟，或等待它的调用队列的延迟达到此值时，开始以 503 拒绝部分新调用；达到四倍时全部拒绝。',
  'Calls under way at which every new one is refused; from 90 % of it on some are.':
    '进行中的调用达到此数时拒绝所有新调用；达到其 90% 时拒绝一部分。',
  'Addresses and networks of proxies whose `x-forwarded-for` is believed.':
    '可信代理的地址与网段，其 `x-forwarded-for` 会被采信。',
  'Calls from browsers.': '来自浏览器的调用。',
  'Origins whose pages may call the relay from a browser; `*` = any.':
    '哪些来源的页面可从浏览器调用中继；`*` 表示任意。',
  'Serve HTTPS. Absent: HTTP, as behind a proxy that terminates TLS.':
    '以 HTTPS 提供服务。不设则为 HTTP，例如由代理终止 TLS 时。',
  'The certificate chain in PEM.': 'PEM 格式的证书链。',
  'Its private key in PEM.': 'PEM 格式的私钥。',
  'Serve `/api/v1`, the console and `/metrics` on a listener of their own, and on it only.':
    '将 `/api/v1`、控制台与 `/metrics` 放在单独的监听地址上，且仅在其上提供。',
  'The address of the admin listener.': '管理监听的地址。',
  'Its port.': '其端口。',
  'What customers subscribe to: limits and credit.': '客户订阅的内容：限额与额度。',
  'Requests a minute.': '每分钟请求数。',
  'Requests a day.': '每天请求数。',
  'Tokens a minute.': '每分钟 token 数。',
  'Tokens a day.': '每天 token 数。',
  'Calls under way at once.': '同时进行的调用数。',
  'Calls that do not fit wait here instead of being refused, in turn between keys. Absent: refused at once.':
    '超出的调用在此排队而不被拒绝，各密钥轮流。不设则立即拒绝。',
  'Calls that wait at most; further ones are refused.': '最多排队的调用数，再多则拒绝。',
  "How long a call waits at most, and never longer than half of the client's own deadline.":
    '一次调用最多等待多久，且不超过客户端自身期限的一半。',
  'Output tokens that the hold of a stream grows by where credit is short (default: 1024). Smaller lets more streams share a little credit, larger asks the books less often.':
    '额度紧张时，流式调用的预留每次增加的输出 token 数（默认 1024）。较小可让更多流共用少量额度，较大可减少访问账簿的次数。',
  'USD of promotional credit for a new account.': '新账户获赠的美元额度。',
  'When that credit ends.': '该赠送额度何时到期。',
  'What is taken off the price of every call.': '每次调用的价格减去的比例。',
  'What is put on the list price of every call; below zero it is taken off.':
    '每次调用在标价上加收的比例；负数为减收。',
  'The plan is given to an account that has paid this much.': '累计支付达到此金额的账户自动获得此套餐。',
  'Whether customers may change to it by themselves.': '客户可否自行切换到此套餐。',
  'Customers may bring credentials of their own for a provider; this share of what a call would have cost is charged, as "5%". Absent: only the operator adds them.':
    '客户可为供应商使用自己的凭据，并按调用本应收取费用的此比例收费，例如 "5%"。不设则只有运维者可添加。',
  'Limits beside those of keys and plans: of models, projects, accounts, or everybody together.':
    '密钥与套餐之外的限额：按模型、项目、账户，或全体合计。',
  'Whose calls count together: all that it holds for, or those of each account, project or key.':
    '哪些调用合并计数：适用范围内的全部，或按账户、项目、密钥分别计数。',
  'Whose calls it holds for: those that each list names; without lists, all.':
    '适用于谁的调用：各列表所列者；没有列表则适用于全部。',
  'Ids or names of keys.': '密钥的 ID 或名称。',
  'Ids of projects.': '项目的 ID。',
  'Ids of accounts.': '账户的 ID。',
  'Names of plans.': '套餐的名称。',
  'Ids of models, or names as callers write them.': '模型的 ID，或调用方书写的名称。',
  'New customers.': '新客户。',
  'Whether anybody may make an account.': '是否任何人都可注册账户。',
  'Whether the mail address is checked before credit is given.': '赠送额度前是否先验证邮箱。',
  'The plan of new customers, whose `signup_credit` they are given. Absent: the only plan of the file that has such credit; none where several have.':
    '新客户的套餐，并授予其 `signup_credit`。不填：文件中唯一带有该额度的套餐；有多个时则没有套餐。',
  'How long credit waits after the mail address was checked, for somebody to look. Absent: not at all.':
    '邮箱验证后，额度再等待多久以供人工查看。不设则不等待。',
  'Accounts that are counted together lie within this.': '合并计数的账户所在的时间窗口。',
  'Accounts with credit from one network address.': '同一网络地址可有几个获赠额度的账户。',
  'Accounts with credit for one means of payment.': '同一支付工具可有几个获赠额度的账户。',
  'Accounts with credit of one mail domain, but for those where everybody has an address.':
    '同一邮箱域名可有几个获赠额度的账户；公共邮箱域名除外。',
  'What one unit of credit costs in other currencies.': '一单位额度以其他货币计价多少。',
  'How much of the currency buys one dollar of credit.': '多少该货币可购买 1 美元额度。',
  'The first day on which it holds, in UTC.': '自哪一天（UTC）起生效。',
  'How credit is bought.': '如何购买额度。',
  'Cards and wallets by Stripe.': '通过 Stripe 使用银行卡与钱包。',
  'The secret API key.': 'API 私密密钥。',
  "The signing secret of the webhook's endpoint.": 'Webhook 端点的签名密钥。',
  'What payers may pay in, the first unless they say.': '付款人可用的币种，默认使用第一个。',
  '`checkout` = cards; `alipay`, `wechat_pay` = those wallets through Stripe.':
    '`checkout` 为银行卡；`alipay`、`wechat_pay` 为经由 Stripe 的对应钱包。',
  'Where the API is. Absent: production.': 'API 地址。不设则为生产环境。',
  'The least credit that can be bought at once, in USD (default "1").': '单次可购买的最低额度，美元（默认 "1"）。',
  'The most credit that can be bought at once, in USD (default "10000").':
    '单次可购买的最高额度，美元（默认 "10000"）。',
  'What the payer pays on top of the price.': '付款人在价格之外支付的费用。',
  'Of the price, such as "2.9%".': '占价格的比例，例如 "2.9%"。',
  "Besides, in the payer's currency.": '另加的固定费用，以付款人的币种计。',
  'What the processor keeps of a payment, for the nightly comparison. Absent: fees are not compared.':
    '支付渠道从每笔付款中扣留多少，用于夜间核对。不设则不比较手续费。',
  'How long an order can be paid (default 30m).': '订单可付款的时长（默认 30m）。',
  'WeChat Pay v3: Native, H5, JSAPI.': '微信支付 v3：Native、H5、JSAPI。',
  'The merchant number (mchid).': '商户号（mchid）。',
  'The app id that the payment belongs to.': '该支付所属的 app id。',
  "The serial number of the merchant's certificate.": '商户证书的序列号。',
  "The merchant's private key in PEM.": 'PEM 格式的商户私钥。',
  'The APIv3 key, 32 bytes.': 'APIv3 密钥，32 字节。',
  'The id of the platform public key. Absent: platform certificates are fetched.':
    '平台公钥的 ID。不设则获取平台证书。',
  'The platform public key in PEM.': 'PEM 格式的平台公钥。',
  'Alipay: page and QR.': '支付宝：网页与二维码。',
  'The id of the application.': '应用的 ID。',
  'The partner number that payments go to.': '收款的合作伙伴号。',
  "The application's private key in PEM.": 'PEM 格式的应用私钥。',
  "Alipay's public key in PEM. Not together with certificates.": 'PEM 格式的支付宝公钥。不可与证书同时使用。',
  "Certificate mode: the application's certificate in PEM.": '证书模式：PEM 格式的应用证书。',
  "Certificate mode: Alipay's certificate in PEM.": '证书模式：PEM 格式的支付宝证书。',
  "Certificate mode: Alipay's root certificates in PEM.": '证书模式：PEM 格式的支付宝根证书。',
  'The gateway. Absent: production.': '网关地址。不设则为生产环境。',
  'Bank transfers that an operator confirms.': '由运维者确认的银行转账。',
  'What payers are told: bank, account, name.': '付款人看到的内容：银行、账号、户名。',
  'What payers may pay in.': '付款人可用的币种。',
  'Above this credit, in USD, a second person must approve what came (default "1000").':
    '额度超过此值（美元）时，到账需第二人复核（默认 "1000"）。',
  'How long an order can be paid (default 14d).': '订单可付款的时长（默认 14d）。',
  'Amounts of credit that payers are offered, in USD.': '供付款人选择的额度金额，美元。',
  'Credit given besides; the best one that is reached counts.': '另行赠送的额度；按达到的最优一档计算。',
  'From this purchase on, in USD of credit.': '自此购买额（美元额度）起。',
  'Of the credit bought, given besides.': '占所购额度的比例，另行赠送。',
  'How long the given credit lasts.': '赠送额度的有效期。',
  'What is done with money that comes when its order has ended.': '订单结束后才到的款项如何处理。',
  'The terms of sale that a buyer must have accepted before credit is ordered. Absent: none.':
    '下单前买方必须接受的销售条款。不设则无。',
  'Changes with every change of the terms, such as "2026-11".': '条款的版本，每次变更时更新，例如 "2026-11"。',
  'Where they can be read.': '条款所在的网址。',
  "What stands on the payer's page and statement.": '显示在付款页与账单上的说明。',
  'Who sells, as it stands on invoices.': '卖方信息，如发票所示。',
  'The legal name.': '法定名称。',
  'The address; may have several lines.': '地址，可有多行。',
  'The tax number.': '税号。',
  'The tax that prices contain. Absent: none is shown.': '价格中所含的税。不设则不显示。',
  'What it is called: VAT, GST.': '税种名称：VAT、GST。',
  'Contained in every price.': '每个价格中所含的税率。',
  'Of documents whose buyer has not chosen one.': '买方未选择时单据使用的语言。',
  'What invoice numbers begin with.': '发票编号的前缀。',
  'Whether accounts that pay get a statement of each month by themselves, on the second day of the next.':
    '付费账户是否在次月第二天自动收到月度账单。',
  'Days in which postpaid accounts pay the invoice of a month.': '后付费账户支付月度发票的期限（天）。',
  'Pages that anybody may see.': '任何人都可查看的页面。',
  'Whether `/pricing` and `/api/v1/public/prices` show to everybody what models cost here, beside the official prices.':
    '是否在 `/pricing` 与 `/api/v1/public/prices` 向所有人展示模型价格及官方价格。',
  'Whether `/status` and `/api/v1/public/status` show to everybody which models answer, now and over 24 hours and 7 days.':
    '是否在 `/status` 与 `/api/v1/public/status` 向所有人展示各模型当前以及 24 小时与 7 天内的可用性。',
  'Only these models are shown there: ids, or beginnings such as `kimi-*`. Absent: every model that has a price.':
    '只展示这些模型：ID，或如 `kimi-*` 的前缀。不设则展示所有有价格的模型。',
  'How long records are kept.': '记录保留多久。',
  'How long call records are kept.': '调用记录保留多久。',
  'How long bodies are kept, where `log.bodies` keeps them at all.': '在 `log.bodies` 保留正文时，正文保留多久。',
  'On Postgres: call records are not deleted one by one, but a month at a time when the last of them is old enough, up to 31 days later.':
    '仅 Postgres：调用记录不逐条删除，而在某月最后一条到期时整月删除，最多晚 31 天。',
  'How long events and their deliveries are kept.': '事件及其投递记录保留多久。',
  'Sending mail.': '发送邮件。',
  'A reference to the URL of the mail server, `smtps://user:password@host`.':
    '邮件服务器 URL 的引用，`smtps://user:password@host`。',
  'The sender.': '发件人。',
  'Who can be told of events, and by which way: each has one of `mail`, `webhook` and `slack`.':
    '可通知谁以及通过何种方式：每项设置 `mail`、`webhook`、`slack` 之一。',
  'Addresses, told by mail (needs the block `mail`).': '以邮件通知的地址（需要 `mail` 配置）。',
  'An address that events are posted to, signed as Standard Webhooks has it (needs `secret`).':
    '事件 POST 到的地址，按 Standard Webhooks 签名（需要 `secret`）。',
  'A reference to the key that signs a webhook: `whsec_` and base64, or any text of 24 characters or more.':
    '签名密钥的引用：`whsec_` 加 base64，或 24 个字符以上的任意文本。',
  'A reference to the URL of an incoming webhook of Slack, or of anything that takes `{"text": …}`.':
    'Slack incoming webhook 的 URL 引用，或任何接受 `{"text": …}` 的地址。',
  'The address of the webhook may be on the own machine or network.': 'Webhook 地址可以在本机或内网。',
  'What operators are told about.': '通知运维者的事项。',
  'What is watched.': '关注的事件。',
  'Told where the figure is over this.': '数值高于此值时通知。',
  'Told where the figure is at or under this.': '数值等于或低于此值时通知。',
  'Who is told: names of `recipients`.': '通知谁：`recipients` 的名称。',
}
