import { createApp, type Component } from 'vue';
import './styles.css';

/** Each page is a file of its own, fetched when it is asked for; the server knows their addresses (storefront.ts there). */
async function pageAt(path: string): Promise<Component> {
  if (path.startsWith('/admin')) return (await import('./admin/AdminPage.vue')).default;
  return (await import('./pages/LandingPage.vue')).default;
}

createApp(await pageAt(location.pathname)).mount('#app');
