/**
 * A .dockerignore as a function: whether a path of the context stays out. The last pattern that fits a path, or one of
 * the folders above it, decides.
 * @param {string} text
 * @returns {(path: string) => boolean}
 */
export function parseIgnoreFile(text) {
  const rules = text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => ({
      keeps: line.startsWith('!'),
      fits: toExpression(line.replace(/^!/, '').replace(/^\/|\/$/g, '')),
    }));
  return (path) => {
    const parts = path.split('/');
    const candidates = parts.map((_, index) => parts.slice(0, index + 1).join('/'));
    const deciding = rules.findLast(({ fits }) => candidates.some((candidate) => fits.test(candidate)));
    return deciding !== undefined && !deciding.keeps;
  };
}

/** `*` and `?` stay within a name, `**` spans folders. @param {string} pattern */
function toExpression(pattern) {
  const source = pattern.replace(/\*\*\/|\*\*|[*?]|[\\^$.|+()[\]{}]/g, (token) => {
    if (token === '**/') return '(?:.*/)?';
    if (token === '**') return '.*';
    if (token === '*') return '[^/]*';
    return token === '?' ? '[^/]' : `\\${token}`;
  });
  return new RegExp(`^${source}$`);
}
