/** The methods of every registered path, to tell "no such address" from "not this method". */
export class RouteTable {
  private readonly routes: { pattern: RegExp; methods: Set<string> }[] = [];
  private readonly byPath = new Map<string, Set<string>>();

  add(method: string | readonly string[], path: string): void {
    let methods = this.byPath.get(path);
    if (methods === undefined) {
      methods = new Set();
      this.byPath.set(path, methods);
      this.routes.push({ pattern: patternOf(path), methods });
    }
    for (const name of [method].flat()) methods.add(name);
  }

  /** The methods that `url` answers to, sorted; empty when there is nothing at this address. */
  methodsOf(url: string): string[] {
    const path = url.split('?', 1)[0] ?? '';
    const found = this.routes.filter(({ pattern }) => pattern.test(path)).flatMap(({ methods }) => [...methods]);
    return [...new Set(found)].sort();
  }
}

/** `:name` stands for one segment, a final `*` for the rest: all that our routes use of the router's syntax. */
function patternOf(path: string): RegExp {
  const escaped = path.replaceAll(/[.+?^${}()|[\]\\]/g, String.raw`\$&`);
  return new RegExp(`^${escaped.replaceAll('*', '.*').replaceAll(/:[A-Za-z]\w*/g, '[^/]+')}$`);
}
