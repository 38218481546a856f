/** Texts of several kinds with the number of tokens that o200k_base (gpt-tokenizer 3) makes of them. */
export const samples: readonly { readonly name: string; readonly tokens: number; readonly text: string }[] = [
  {
    name: 'english',
    tokens: 163,
    text: 'It was a clear, cold morning in the middle of March, and the gardener had been working since before sunrise. She liked the early hours best, when the street was quiet and nobody came to ask her about the roses. By noon the first visitors would arrive, with their cameras and their questions, and she would smile and explain, as she did every spring, why the old tree by the gate had never been cut down. Her grandfather had planted it when he was a boy. He had told her once that a garden is a promise made to people who have not been born yet, and although she was too young to understand him then, she thought about it often now. The wind moved through the branches. Somewhere behind the wall a dog began to bark, and then, just as suddenly, it stopped.',
  },
  {
    name: 'german',
    tokens: 94,
    text: 'Künstliche Intelligenz verändert unser Leben. In den letzten Jahren haben große Sprachmodelle erhebliche Fortschritte gemacht; sie können Texte verstehen und schreiben, übersetzen und programmieren. Viele Unternehmen betreiben diese Modelle inzwischen auf eigenen Rechnern, um die Daten ihrer Kunden zu schützen und die Kosten zu senken. Der Betrieb braucht jedoch viel Rechenleistung, und so wird die Verteilung der Anfragen auf die vorhandenen Grafikkarten zu einer wichtigen Aufgabe.',
  },
  {
    name: 'russian',
    tokens: 64,
    text: 'Искусственный интеллект меняет нашу жизнь. За последние годы большие языковые модели достигли значительных успехов: они понимают и пишут тексты, переводят и помогают программистам. Многие компании запускают такие модели на собственных серверах, чтобы защитить данные клиентов и снизить расходы.',
  },
  {
    name: 'chinese',
    tokens: 164,
    text:
      '人工智能正在改变我们的生活方式。在过去的几年里，大型语言模型取得了显著的进展，它们能够理解和生成自然语言，帮助人们完成写作、翻译、编程等各种任务。许多公司开始在自己的服务器上部署这些模型，以保护用户的隐私并降低成本。然而，运行这些模型需要大量的计算资源，因此如何合理地分配硬件成为一个重要的问题。一个好的网关可以把请求发送到最合适的机器，并且记录每个用户的花费。\n' +
      '春天来了，公园里的花都开了。孩子们在草地上奔跑，老人们坐在长椅上聊天。远处传来鸟儿的歌声，让人感到非常愉快。',
  },
  {
    name: 'japanese',
    tokens: 179,
    text:
      '人工知能は私たちの生活を大きく変えつつあります。ここ数年で大規模言語モデルは目覚ましい進歩を遂げ、文章の作成や翻訳、プログラミングなど、さまざまな作業を手伝えるようになりました。多くの企業がプライバシーを守り、費用を抑えるために、自社のサーバーでこれらのモデルを動かし始めています。しかし、モデルを動かすには多くの計算資源が必要なので、ハードウェアをどのように割り当てるかが重要な課題になっています。\n' +
      '春になると公園の花が咲き、子どもたちは芝生の上を走り回ります。',
  },
  {
    name: 'korean',
    tokens: 110,
    text: '인공지능은 우리의 생활 방식을 크게 바꾸고 있습니다. 지난 몇 년 동안 대규모 언어 모델은 눈에 띄는 발전을 이루었고, 글쓰기와 번역, 프로그래밍 같은 다양한 작업을 도와줄 수 있게 되었습니다. 많은 회사들이 개인정보를 보호하고 비용을 줄이기 위해 자체 서버에서 이러한 모델을 운영하기 시작했습니다. 하지만 모델을 실행하려면 많은 계산 자원이 필요하기 때문에 하드웨어를 어떻게 나눌 것인지가 중요한 문제가 되었습니다.',
  },
  {
    name: 'typescript',
    tokens: 120,
    text:
      'export async function loadConfig(path: string): Promise<Config> {\n' +
      "  const text = await readFile(path, 'utf8');\n" +
      '  const parsed = parse(text);\n' +
      "  if (parsed === null || typeof parsed !== 'object') {\n" +
      '    throw new Error(`Invalid config: ${path}`);\n' +
      '  }\n' +
      '  for (const [name, value] of Object.entries(parsed)) {\n' +
      '    if (!knownKeys.has(name)) warnings.push({ name, line: lineOf(text, name) });\n' +
      '  }\n' +
      '  return { ...defaults, ...parsed, loadedAt: new Date().toISOString() };\n' +
      '}\n',
  },
  {
    name: 'python',
    tokens: 99,
    text:
      'class Queue:\n' +
      '    def __init__(self, limit: int = 100) -> None:\n' +
      '        self.items: list[Request] = []\n' +
      '        self.limit = limit\n' +
      '\n' +
      '    def push(self, request: Request) -> bool:\n' +
      '        """Returns False where the queue is full."""\n' +
      '        if len(self.items) >= self.limit:\n' +
      '            return False\n' +
      '        self.items.append(request)\n' +
      '        self.items.sort(key=lambda item: (item.priority, item.received_at))\n' +
      '        return True\n',
  },
  {
    name: 'json',
    tokens: 110,
    text:
      '[\n' +
      '  {\n' +
      '    "id": 17,\n' +
      '    "name": "user17",\n' +
      '    "email": "user17@example.com",\n' +
      '    "score": 84.74,\n' +
      '    "active": true,\n' +
      '    "tags": [\n' +
      '      "alpha",\n' +
      '      "beta"\n' +
      '    ]\n' +
      '  },\n' +
      '  {\n' +
      '    "id": 18,\n' +
      '    "name": "user18",\n' +
      '    "email": "user18@example.com",\n' +
      '    "score": 3.125,\n' +
      '    "active": false,\n' +
      '    "tags": []\n' +
      '  }\n' +
      ']',
  },
];
