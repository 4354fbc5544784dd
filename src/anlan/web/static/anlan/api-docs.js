// Shows the API's own description with Swagger UI, which is loaded before this.
const docs = document.getElementById("docs");
SwaggerUIBundle({ url: docs.dataset.url, dom_id: "#docs" });
