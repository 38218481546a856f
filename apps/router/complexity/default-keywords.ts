/** Our own words for the complexity score; used where the config has none. A config's list replaces the one here. */
import type { ComplexityRouter } from '#contracts';

const words = (text: string) => text.trim().split(/\s*\|\s*/);

export const defaultKeywords: ComplexityRouter['keywords'] = {
  code: words(
    `function | class | method | variable | compile | compiler | refactor | debug | traceback | stacktrace | exception |
    regex | sql | select | database | schema | api | endpoint | json | yaml | html | css | python | javascript |
    typescript | rust | java | golang | bash | shell | script | docker | dockerfile | kubernetes | git | commit |
    pull request | unit test | import | async | await | loop | array | struct | codebase | source code | bug`,
  ),
  reasoning: words(
    `step by step | think through | reason through | prove | proof | derive | deduce | infer | justify | evaluate |
    weigh | trade-offs | tradeoffs | pros and cons | compare and contrast | root cause | break down | hypothesis |
    counterexample | explain your reasoning | chain of thought | critique | draw conclusions`,
  ),
  technical: words(
    `architecture | distributed | scalable | scalability | throughput | latency | concurrency | parallelism | protocol |
    encryption | authentication | authorization | consensus | replication | sharding | microservice | microservices |
    container | orchestration | algorithm | complexity | optimization | memory | cpu | gpu | kernel | network |
    bandwidth | tcp | grpc | quantization | inference | gradient | eigenvalue | differential equation`,
  ),
  simple: words(
    `hello | hi | hey | thanks | thank you | good morning | good night | okay | yes | no | what time | what is |
    who is | when is | when was | where is | how many | how old | define | meaning of | spell | translate |
    turn on | turn off | remind me | set a timer | weather`,
  ),
};
