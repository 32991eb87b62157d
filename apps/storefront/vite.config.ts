import { fileURLToPath } from 'node:url';
import vue from '@vitejs/plugin-vue';
import { defineConfig } from 'vite';

/** The service that `npm run dev:pages` sends the page's requests to. */
const SERVICE = process.env['SERVICE_URL'] ?? 'http://127.0.0.1:3000';

export default defineConfig({
  root: import.meta.dirname,
  plugins: [vue()],
  // The page calls nothing of Vue's old interface and has no use for its development tools.
  define: { __VUE_OPTIONS_API__: 'false', __VUE_PROD_DEVTOOLS__: 'false' },
  build: {
    outDir: fileURLToPath(new URL('../../dist/storefront', import.meta.url)),
    emptyOutDir: true,
    // The content security policy knows no inline script, and no data but icons.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
  },
  server: {
    proxy: Object.fromEntries(['/v1', '/health', '/docs', '/storefront.json'].map((path) => [path, SERVICE])),
  },
});
