// The page may be mounted below a prefix of a reverse proxy, so the server's address is where the page is.
const server = location.origin + location.pathname.replace(/\/+$/, "").replace(/\/[^/]*$/, "");
const documentUrl = `${server}/openapi.json`;

/* global SwaggerUIBundle */
SwaggerUIBundle({
  dom_id: "#app",
  url: documentUrl,
  validatorUrl: null,
  deepLinking: true,
  tryItOutEnabled: true,
  displayRequestDuration: true,
  defaultModelsExpandDepth: 0,
  defaultModelExpandDepth: 2,
  responseInterceptor(response) {
    if (response.url === documentUrl && response.ok) {
      response.text = JSON.stringify({ ...JSON.parse(response.text), servers: [{ url: server }] });
    }
    return response;
  },
});
