"""What a customer's text says about the details a flow needs: pure functions over the text and the customer's own orders."""
